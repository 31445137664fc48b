//! The one integration test binary. Each room has a module; cases are text in `tests/cases`.

#![expect(clippy::unwrap_used, reason = "a test says what it expects by failing")]

mod spec;
