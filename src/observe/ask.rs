//! Retries of reads: a throttled or unanswered read is asked again a few times.

use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::clock::Clock;
use crate::cloud::CloudError;

/// Tries of one read, with pauses of 1, 2 and 4 seconds. A pass of forty reads of which one in seven is refused still
/// succeeds as a rule; after a longer disturbance the resource is reported as unreadable.
const TRIES_MAX: u32 = 4;

/// Reads, and retries while the failure is transient.
///
/// # Errors
/// The last failure.
pub async fn patiently<'f, T>(
    clock: &dyn Clock,
    call: impl Fn() -> BoxFuture<'f, Result<T, CloudError>>,
) -> Result<T, CloudError> {
    let mut pause = Duration::from_secs(1);
    for _ in 1..TRIES_MAX {
        match call().await {
            Err(error) if error.kind.is_transient() => {
                clock.sleep(pause).await;
                pause *= 2;
            }
            answer => return answer,
        }
    }
    call().await
}
