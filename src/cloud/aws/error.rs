//! The meaning of a failed call, by code and status only: AWS changes the words of its messages.
//!
//! For writes the important question is whether AWS may have carried out the request. It has certainly not when the
//! failure came before anything was sent, or when AWS answered with a refusal.

use crate::cloud::Kind;

/// Whether a call could have changed something in AWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Access {
    /// It only reads.
    Read,
    /// It may change a resource.
    Write,
}

/// How a call failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure<'a> {
    /// No connection: nothing was sent.
    NotSent,
    /// The request may have been sent; no readable answer came back.
    Lost,
    /// There are no credentials, or AWS refused them.
    NoCredentials,
    /// The request could not be built.
    Malformed,
    /// AWS answered, but not with a success.
    Answered {
        /// The HTTP status.
        status: u16,
        /// AWS's error code, if the answer has one.
        code: Option<&'a str>,
    },
}

/// The class of a failure.
pub(super) fn kind(failure: Failure<'_>, access: Access) -> Kind {
    match (failure, access) {
        (Failure::NotSent, _) | (Failure::Lost, Access::Read) => Kind::Unavailable,
        (Failure::Lost, Access::Write) => Kind::AnswerLost,
        (Failure::NoCredentials, _) => Kind::Credentials,
        (Failure::Malformed, _) => Kind::Invalid,
        (Failure::Answered { status, code }, access) => {
            code.and_then(|code| by_code(code, access)).unwrap_or_else(|| by_status(status, access))
        }
    }
}

/// A failure inside AWS: a write may have been carried out before it.
fn trouble(access: Access) -> Kind {
    match access {
        Access::Read => Kind::Unavailable,
        Access::Write => Kind::AnswerLost,
    }
}

fn by_code(code: &str, access: Access) -> Option<Kind> {
    // RDS and older APIs add `Fault` or `Exception` to some of their codes and not to others.
    let bare = code.strip_suffix("Fault").or_else(|| code.strip_suffix("Exception")).unwrap_or(code);
    Some(match bare {
        "ClusterNotFound" | "ServiceNotFound" | "TaskSetNotFound" => Kind::NotFound,
        "LoadBalancerNotFound" | "ListenerNotFound" | "RuleNotFound" | "TargetGroupNotFound" => {
            Kind::NotFound
        }
        "DBInstanceNotFound" | "DBClusterNotFound" | "DBSnapshotNotFound" => Kind::NotFound,
        "DBClusterSnapshotNotFound" => Kind::NotFound,
        "NoSuchBucket" | "NoSuchKey" | "NotFound" | "NoSuchDistribution" | "NoSuchFunctionExists" => {
            Kind::NotFound
        }
        "RepositoryNotFound" | "ImageNotFound" | "ParameterNotFound" | "ParameterVersionNotFound" => {
            Kind::NotFound
        }
        "ResourceNotFound" | "ObjectNotFound" => Kind::NotFound,

        "AccessDenied" | "UnauthorizedOperation" | "Unauthorized" => Kind::AccessDenied,
        "AuthorizationError" | "Forbidden" | "OperationNotPermitted" => Kind::AccessDenied,
        // The caller is unknown, or its clock is wrong: no request of it succeeds.
        // <https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-troubleshooting.html>
        "UnrecognizedClient" | "InvalidClientTokenId" | "InvalidAccessKeyId" | "SignatureDoesNotMatch" => {
            Kind::Credentials
        }
        "ExpiredToken" | "MissingAuthenticationToken" | "IncompleteSignature" | "OptInRequired" => {
            Kind::Credentials
        }
        "InvalidSignature" | "RequestExpired" | "RequestTimeTooSkewed" | "AuthFailure" | "InvalidToken" => {
            Kind::Credentials
        }
        "Blocked" | "AllAccessDisabled" | "KMSKeyNotAccessible" => Kind::AccessDenied,

        "Throttling" | "Throttled" | "TooManyRequests" | "RequestLimitExceeded" => Kind::Throttled,
        "SlowDown" | "RequestThrottled" | "BandwidthLimitExceeded" | "PriorRequestNotComplete" => {
            Kind::Throttled
        }
        "LimitExceeded" if access == Access::Read => Kind::Throttled,
        "TooManyInvalidationsInProgress" | "ProvisionedThroughputExceeded" => Kind::Throttled,

        "Conflict" | "ConditionalRequestConflict" | "PreconditionFailed" | "OperationAborted" => {
            Kind::Conflict
        }
        "InvalidIfMatchVersion" | "FunctionAlreadyExists" | "UpdateInProgress" | "ConcurrentUpdate" => {
            Kind::Conflict
        }
        "DBSnapshotAlreadyExists" | "DBClusterSnapshotAlreadyExists" | "ResourceInUse" => Kind::Conflict,

        "InvalidDBInstanceState" | "InvalidDBClusterState" | "InvalidDBSnapshotState" => Kind::InvalidState,
        "InvalidDBClusterSnapshotState" | "ServiceNotActive" | "FunctionInUse" => Kind::InvalidState,

        "InsufficientDBInstanceCapacity" | "InsufficientDBClusterCapacity" | "InsufficientCapacity" => {
            Kind::Capacity
        }

        "RequestTimeout"
        | "RequestTimedOut"
        | "InternalFailure"
        | "InternalError"
        | "InternalServerError" => trouble(access),
        "InternalServiceError" | "InternalServer" | "Server" | "ServiceUnavailable" | "Internal" => {
            trouble(access)
        }
        _ => return None,
    })
}

fn by_status(status: u16, access: Access) -> Kind {
    match status {
        401 | 403 => Kind::AccessDenied,
        404 => Kind::NotFound,
        409 | 412 => Kind::Conflict,
        429 => Kind::Throttled,
        408 | 500..=599 => trouble(access),
        _ => Kind::Invalid,
    }
}

/// A message for an operator: one line, of bounded length, without secrets.
pub(super) fn clean<'s>(message: &str, secrets: impl IntoIterator<Item = &'s str>) -> String {
    let mut text = message.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut secrets: Vec<&str> = secrets.into_iter().filter(|secret| secret.len() >= SECRET_MIN).collect();
    // The longest first: a shorter one may stand inside it.
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    for secret in secrets {
        text = text.replace(secret, "(redacted)");
    }
    match text.char_indices().nth(MESSAGE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Shorter values are words (`true`, `eu`): replacing them would spoil messages and hide nothing.
const SECRET_MIN: usize = 6;
/// Some services answer with whole documents.
const MESSAGE_CHARS_MAX: usize = 500;

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(code: &str, status: u16, access: Access) -> Kind {
        kind(Failure::Answered { status, code: Some(code).filter(|code| !code.is_empty()) }, access)
    }

    #[test]
    fn codes_decide_and_where_there_is_none_the_status_does() {
        for (code, status, read, write) in [
            ("ClusterNotFoundException", 400, Kind::NotFound, Kind::NotFound),
            ("DBInstanceNotFound", 404, Kind::NotFound, Kind::NotFound),
            ("DBClusterNotFoundFault", 404, Kind::NotFound, Kind::NotFound),
            ("RuleNotFound", 400, Kind::NotFound, Kind::NotFound),
            ("NoSuchFunctionExists", 404, Kind::NotFound, Kind::NotFound),
            ("ParameterNotFound", 400, Kind::NotFound, Kind::NotFound),
            ("AccessDeniedException", 400, Kind::AccessDenied, Kind::AccessDenied),
            ("AccessDenied", 403, Kind::AccessDenied, Kind::AccessDenied),
            ("UnrecognizedClientException", 400, Kind::Credentials, Kind::Credentials),
            ("ExpiredTokenException", 400, Kind::Credentials, Kind::Credentials),
            ("ExpiredToken", 403, Kind::Credentials, Kind::Credentials),
            ("InvalidSignatureException", 400, Kind::Credentials, Kind::Credentials),
            ("SignatureDoesNotMatch", 403, Kind::Credentials, Kind::Credentials),
            ("RequestTimeTooSkewed", 403, Kind::Credentials, Kind::Credentials),
            ("AuthFailure", 401, Kind::Credentials, Kind::Credentials),
            ("ThrottlingException", 400, Kind::Throttled, Kind::Throttled),
            ("Throttling", 400, Kind::Throttled, Kind::Throttled),
            ("RequestLimitExceeded", 503, Kind::Throttled, Kind::Throttled),
            ("SlowDown", 503, Kind::Throttled, Kind::Throttled),
            ("TooManyInvalidationsInProgress", 400, Kind::Throttled, Kind::Throttled),
            ("", 429, Kind::Throttled, Kind::Throttled),
            ("ConflictException", 400, Kind::Conflict, Kind::Conflict),
            ("PreconditionFailed", 412, Kind::Conflict, Kind::Conflict),
            ("ConditionalRequestConflict", 409, Kind::Conflict, Kind::Conflict),
            ("InvalidIfMatchVersion", 400, Kind::Conflict, Kind::Conflict),
            ("DBSnapshotAlreadyExists", 400, Kind::Conflict, Kind::Conflict),
            ("InvalidDBInstanceState", 400, Kind::InvalidState, Kind::InvalidState),
            ("InvalidDBClusterStateFault", 400, Kind::InvalidState, Kind::InvalidState),
            ("ServiceNotActiveException", 400, Kind::InvalidState, Kind::InvalidState),
            ("InsufficientDBInstanceCapacity", 400, Kind::Capacity, Kind::Capacity),
            ("ServerException", 500, Kind::Unavailable, Kind::AnswerLost),
            ("InternalError", 200, Kind::Unavailable, Kind::AnswerLost),
            ("ServiceUnavailable", 503, Kind::Unavailable, Kind::AnswerLost),
            ("", 502, Kind::Unavailable, Kind::AnswerLost),
            ("ClientException", 400, Kind::Invalid, Kind::Invalid),
            ("ValidationError", 400, Kind::Invalid, Kind::Invalid),
            ("SomethingNew", 400, Kind::Invalid, Kind::Invalid),
            ("", 301, Kind::Invalid, Kind::Invalid),
        ] {
            assert_eq!(answered(code, status, Access::Read), read, "reading: {code} {status}");
            assert_eq!(answered(code, status, Access::Write), write, "writing: {code} {status}");
        }
    }

    #[test]
    fn only_what_was_certainly_not_sent_was_certainly_not_done() {
        for (failure, read, write) in [
            (Failure::NotSent, Kind::Unavailable, Kind::Unavailable),
            (Failure::Lost, Kind::Unavailable, Kind::AnswerLost),
            (Failure::NoCredentials, Kind::Credentials, Kind::Credentials),
            (Failure::Malformed, Kind::Invalid, Kind::Invalid),
        ] {
            assert_eq!(kind(failure, Access::Read), read, "{failure:?}");
            assert_eq!(kind(failure, Access::Write), write, "{failure:?}");
        }
    }

    #[test]
    fn messages_are_one_line_and_hide_what_they_must() {
        let message = "bad value\n  'hunter2-hunter2' in hunter2\tof 5";
        assert_eq!(
            clean(message, ["hunter2", "hunter2-hunter2", "5"]),
            "bad value '(redacted)' in (redacted) of 5"
        );
        assert_eq!(clean(&"ä".repeat(900), []).chars().count(), MESSAGE_CHARS_MAX + 1);
    }
}
