//! Failures of calls to the cloud. Decisions depend on [`Kind`], never on the text of a message.

use std::fmt;

/// A call that failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct CloudError {
    /// The API operation: `ecs:UpdateService`.
    pub operation: &'static str,
    /// The resource that the call was about: `graasp-prod/graasp`.
    pub resource: String,
    /// The class of the failure.
    pub kind: Kind,
    /// AWS's error code, where an answer had one: `SnapshotQuotaExceeded`.
    pub code: Option<String>,
    /// AWS's own words, secrets stripped.
    pub message: String,
}

/// Classes of failure that lead to different behaviour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The resource does not exist.
    NotFound,
    /// The credentials do not allow it.
    AccessDenied,
    /// There are no credentials, they have expired, or AWS does not accept them: no call of this account and role
    /// succeeds, and trying again changes nothing.
    Credentials,
    /// Too many calls; the same call works later.
    Throttled,
    /// Someone else changed the resource first, or an ETag is stale: read again.
    Conflict,
    /// The resource is in a state that does not allow the call now.
    InvalidState,
    /// AWS has no capacity to start a task now.
    Capacity,
    /// The answer was lost: it is unknown whether AWS carried out the request.
    AnswerLost,
    /// The service could not be reached, or failed; AWS did not carry out the request.
    Unavailable,
    /// The request itself is wrong: a retry does not help.
    Invalid,
}

impl Kind {
    /// Whether the same call may succeed a little later without anything else changing.
    pub fn is_transient(self) -> bool {
        match self {
            Kind::Throttled | Kind::Unavailable | Kind::AnswerLost | Kind::Conflict => true,
            Kind::NotFound
            | Kind::AccessDenied
            | Kind::Credentials
            | Kind::InvalidState
            | Kind::Capacity
            | Kind::Invalid => false,
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
        Self { operation, resource: resource.into(), kind, code: None, message: message.into() }
    }

    /// The same failure with AWS's error code.
    pub fn with_code(self, code: Option<&str>) -> Self {
        Self { code: code.map(str::to_owned), ..self }
    }
}

impl fmt::Display for CloudError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on `{}` failed: {}", self.operation, self.resource, self.message)
    }
}
