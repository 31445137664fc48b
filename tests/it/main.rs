//! The one integration test binary. Each room has a module; cases are text in `tests/cases`.

mod cli;
mod spec;
mod tidy;
