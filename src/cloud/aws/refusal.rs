//! What is known to be wrong with the credentials of an account and role, for a moment.
//!
//! Without credentials the SDK looks for them again at each call: in files, in the container, on the instance. That takes
//! seconds, an observation has dozens of calls, and none of them can succeed. So the first refusal answers the calls
//! beside it and after it, until the next pass asks again.

use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use crate::clock::Monotonic;

/// Shorter than the shortest pause between two passes: each pass asks once.
const KEPT_FOR: Duration = Duration::from_secs(10);

/// The last refusal. It concerns every call of the account and role.
#[derive(Debug, Default)]
pub(super) struct KnownRefusal(Mutex<Option<(Monotonic, String)>>);

impl KnownRefusal {
    /// Remembers what AWS, or the search for credentials, has answered.
    pub(super) fn note(&self, message: &str, now: Monotonic) {
        *self.known() = Some((now, message.to_owned()));
    }

    /// The refusal that still counts.
    pub(super) fn at(&self, now: Monotonic) -> Option<String> {
        let known = self.known();
        known.as_ref().filter(|(at, _)| now.since(*at) < KEPT_FOR).map(|(_, message)| message.clone())
    }

    fn known(&self) -> MutexGuard<'_, Option<(Monotonic, String)>> {
        self.0.lock().expect("nothing panics while it compares two times")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_counts_until_the_next_pass() {
        let at = |seconds| Monotonic::from_origin(Duration::from_secs(seconds));
        let refusal = KnownRefusal::default();
        assert_eq!(refusal.at(at(100)), None);
        refusal.note("no credentials were found", at(100));
        for (seconds, is_known) in [(100, true), (109, true), (110, false), (500, false)] {
            assert_eq!(refusal.at(at(seconds)).is_some(), is_known, "{seconds}");
        }
    }
}
