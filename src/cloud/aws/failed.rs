//! A failure of the SDK in tidegate's words.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::error::{Access, Failure, kind};
use super::operation::Operation;
use crate::cloud::CloudError;

/// The SDK names each place where it looked, in many words.
const NO_CREDENTIALS: &str =
    "no credentials were found: not in variables, a profile, a web identity, a container or an instance";

/// A failure, and the code that AWS gave for it.
pub(super) struct Failed {
    pub(super) error: CloudError,
    code: Option<String>,
}

impl Failed {
    /// Before anything was sent.
    pub(super) fn unsent(error: CloudError) -> Self {
        Self { error, code: None }
    }

    /// Reads a failure. `was_sent`: the request may have reached AWS.
    pub(super) fn read<E>(
        operation: Operation<'_>,
        access: Access,
        error: &SdkError<E, HttpResponse>,
        was_sent: bool,
    ) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        if let SdkError::ServiceError(answer) = error {
            let (status, code) = (answer.raw().status().as_u16(), answer.err().code());
            let error = operation.refused(access, status, code, answer.err().message());
            return Failed { error, code: code.map(str::to_owned) };
        }
        let credentials = causes(error).find_map(|cause| cause.downcast_ref::<CredentialsError>());
        let failure = match (error, credentials) {
            (_, Some(error)) => of_credentials(error),
            (SdkError::ConstructionFailure(_), _) => Failure::Malformed,
            _ if was_sent => Failure::Lost,
            _ => Failure::NotSent,
        };
        let message = match credentials {
            Some(CredentialsError::CredentialsNotLoaded(_)) => NO_CREDENTIALS.to_owned(),
            _ => causes(error).map(ToString::to_string).collect::<Vec<_>>().join(": "),
        };
        Failed { error: operation.error(kind(failure, access), message), code: None }
    }

    /// Whether the answer had one of these codes.
    pub(super) fn is(&self, codes: &[&str]) -> bool {
        self.code.as_deref().is_some_and(|code| codes.contains(&code))
    }
}

impl From<Failed> for CloudError {
    fn from(failed: Failed) -> Self {
        failed.error
    }
}

/// Asking again does not help when the role may not be assumed or there are no credentials at all; it does when
/// STS did not answer.
fn of_credentials(error: &CredentialsError) -> Failure<'static> {
    type AssumeRole = SdkError<AssumeRoleError, HttpResponse>;
    let assume_role = causes(error).find_map(|cause| cause.downcast_ref::<AssumeRole>());
    match (error, assume_role) {
        (CredentialsError::ProviderTimedOut(_), _) => Failure::NotSent,
        (_, Some(SdkError::ServiceError(answer))) if answer.raw().status().as_u16() < 500 => {
            Failure::NoCredentials
        }
        (_, Some(_)) => Failure::NotSent,
        (CredentialsError::ProviderError(_), None) if is_lasting(error) => Failure::NoCredentials,
        (CredentialsError::ProviderError(_), None) => Failure::NotSent,
        _ => Failure::NoCredentials,
    }
}

/// Whether a provider failed for a reason that waiting does not cure: an expired session, a file, profile or program that
/// is not there. The SDK has no types for these outside of itself, so its words decide; unknown words may pass.
fn is_lasting(error: &CredentialsError) -> bool {
    // The last one: what the SDK says of a metadata service that answers 403.
    const LASTING: [&str; 9] = [
        "expired",
        "sso token",
        "no such file",
        "not found",
        "permission denied",
        "not be found",
        "profile",
        "credential process",
        "imds is disabled",
    ];
    let io = causes(error).find_map(|cause| cause.downcast_ref::<std::io::Error>()).map(std::io::Error::kind);
    match io {
        Some(std::io::ErrorKind::NotFound | std::io::ErrorKind::PermissionDenied) => true,
        Some(_) => false,
        None => causes(error).any(|cause| {
            let text = cause.to_string().to_ascii_lowercase();
            LASTING.iter().any(|words| text.contains(words))
        }),
    }
}

/// An error and all its sources.
fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| (*error).source())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use aws_sdk_sts::operation::get_caller_identity::GetCallerIdentityError;
    use aws_smithy_runtime_api::client::result::ConnectorError;

    use super::*;
    use crate::cloud::{Family, Kind};

    fn kind_of(error: CredentialsError) -> (Kind, String) {
        let operation = Operation::new("sts:GetCallerIdentity", Family::Secrets, "caller");
        let error = ConnectorError::other(error.into(), None);
        let error: SdkError<GetCallerIdentityError, HttpResponse> = SdkError::dispatch_failure(error);
        let error = Failed::read(operation, Access::Write, &error, false).error;
        (error.kind, error.message)
    }

    #[test]
    fn missing_credentials_are_not_transient() {
        let (kind, message) = kind_of(CredentialsError::not_loaded("looked everywhere"));
        assert_eq!((kind, message.as_str()), (Kind::Credentials, NO_CREDENTIALS));
        assert_eq!(kind_of(CredentialsError::invalid_configuration("x")).0, Kind::Credentials);
        let late = CredentialsError::provider_timed_out(Duration::from_secs(5));
        assert_eq!(kind_of(late).0, Kind::Unavailable);
        for (words, kind) in [
            ("STS is away", Kind::Unavailable),
            ("503 Service Unavailable", Kind::Unavailable),
            ("the SSO token has expired and cannot be refreshed", Kind::Credentials),
            ("profile `graasp` was not defined", Kind::Credentials),
            (
                "request forbidden: IMDS is disabled or the caller has insufficient permissions",
                Kind::Credentials,
            ),
            (
                "Error retrieving credentials: external process exited: No such file or directory",
                Kind::Credentials,
            ),
        ] {
            assert_eq!(kind_of(CredentialsError::provider_error(words)).0, kind, "{words}");
        }
        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        assert_eq!(kind_of(CredentialsError::provider_error(refused)).0, Kind::Unavailable);
        let missing = std::io::Error::from(std::io::ErrorKind::NotFound);
        assert_eq!(kind_of(CredentialsError::provider_error(missing)).0, Kind::Credentials);
    }
}
