//! One pass: observe, plan, execute one step, again.
