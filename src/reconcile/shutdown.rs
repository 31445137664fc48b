//! How urgently a run has to end.

/// How urgently a run has to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ShutdownLevel {
    /// No shutdown was requested.
    None,
    /// End at the next step boundary.
    AfterStep,
    /// Stop waiting, too: what was begun continues in AWS.
    Now,
}
