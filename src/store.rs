//! What must outlive the process: lease, journal, run history, run-time overrides.
