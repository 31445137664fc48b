//! What a call to the cloud can end in. Decisions are made on [`Kind`], never on the text of a message.

use std::fmt;

/// A call that did not answer as asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct CloudError {
    /// The API operation: `ecs:UpdateService`.
    pub operation: &'static str,
    /// What it was about: `graasp-prod/graasp`.
    pub resource: String,
    /// What to make of it.
    pub kind: Kind,
    /// AWS's own words, secrets stripped.
    pub message: String,
}

/// Classes of failure that lead to different behaviour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The thing does not exist.
    NotFound,
    /// We may not.
    AccessDenied,
    /// Too many calls; later it will work.
    Throttled,
    /// Somebody else was faster, or an ETag is stale: read again.
    Conflict,
    /// The resource is in a state that does not allow it now.
    InvalidState,
    /// No capacity to start a task now.
    Capacity,
    /// The request may or may not have been carried out: the answer was lost.
    AnswerLost,
    /// The service is away; nothing was done.
    Unavailable,
    /// The request itself is wrong: asking again will not help.
    Invalid,
}

impl Kind {
    /// Whether the same call may succeed a little later without anything else changing.
    pub fn is_transient(self) -> bool {
        match self {
            Kind::Throttled | Kind::Unavailable | Kind::AnswerLost | Kind::Conflict => true,
            Kind::NotFound | Kind::AccessDenied | Kind::InvalidState | Kind::Capacity | Kind::Invalid => {
                false
            }
        }
    }
}

impl CloudError {
    /// A failure of `operation` on `resource`.
    pub fn new(
        operation: &'static str,
        resource: impl Into<String>,
        kind: Kind,
        message: impl Into<String>,
    ) -> Self {
        Self { operation, resource: resource.into(), kind, message: message.into() }
    }
}

impl fmt::Display for CloudError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on `{}` failed: {}", self.operation, self.resource, self.message)
    }
}
