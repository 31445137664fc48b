//! Retries of reads: a throttled or unanswered read is asked again a few times.

use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::clock::Clock;
use crate::cloud::CloudError;
use crate::retry::{Backoff, retry};

/// Pauses of up to 1, 2 and 4 seconds. A pass of forty reads of which one in seven is refused still succeeds as a rule;
/// after a longer disturbance the resource is reported as unreadable. An AWS that never answers costs a minute and a half,
/// since one try of the SDK takes half a minute.
const READ: Backoff =
    Backoff { first: Duration::from_secs(1), tries_max: 4, time_max: Duration::from_secs(45) };

/// Reads, and retries while the failure is transient.
///
/// # Errors
/// The last failure.
pub async fn patiently<'f, T>(
    clock: &dyn Clock,
    call: impl Fn() -> BoxFuture<'f, Result<T, CloudError>>,
) -> Result<T, CloudError> {
    retry(clock, READ, |error: &CloudError| error.kind.is_transient(), call).await
}
