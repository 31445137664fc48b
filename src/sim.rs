//! The simulated cloud: tests, the demo and `--cloud sim`.
