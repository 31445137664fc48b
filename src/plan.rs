//! The planner: a pure function from what is wanted, what is, and what was begun, to ordered actions.
