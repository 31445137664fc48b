//! Pure functions of time: the state at an instant, the next change, release windows.
