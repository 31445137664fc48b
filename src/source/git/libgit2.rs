//! Three things that libgit2 leaves to its callers: limits of silence, errors without URLs, and a test for an empty
//! repository.

use std::sync::Once;
use std::time::Duration;

use super::answer::local_fault;
use crate::source::SourceError;

/// The longest wait for a connection: room for three lost packets and their repeats.
const CONNECT_MAX: Duration = Duration::from_secs(10);

/// The longest silence of a server. A poll has its own deadline and does not wait for this one, which ends the
/// overdue thread.
const SILENCE_MAX: Duration = Duration::from_secs(30);

/// Makes git give up on servers that do not answer. By default libgit2 waits without a limit.
#[expect(
    unsafe_code,
    reason = "libgit2 keeps these two settings in globals; git2 has no safe way to set them"
)]
pub(super) fn limit_silence() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let milliseconds = |limit: Duration| i32::try_from(limit.as_millis()).unwrap_or(i32::MAX);
        // SAFETY: two plain integers are written, here only and once. Threads read them when they open a
        // connection; each of ours passes through here before that.
        let set = unsafe {
            git2::opts::set_server_connect_timeout_in_milliseconds(milliseconds(CONNECT_MAX))
                .and(git2::opts::set_server_timeout_in_milliseconds(milliseconds(SILENCE_MAX)))
        };
        set.expect("libgit2 refuses only negative timeouts");
    });
}

/// An error of git about a repository on this machine; `operation` reads after "cannot".
pub(super) fn git_error(operation: &'static str, place: &str) -> impl Fn(git2::Error) -> SourceError {
    move |error| SourceError::Git {
        operation,
        place: place.to_owned(),
        message: error.message().to_owned(),
        fault: local_fault(&error),
    }
}

/// Whether there is no reference at all. libgit2's own answer depends on this user's `init.defaultBranch`.
pub(super) fn is_empty(repository: &git2::Repository) -> bool {
    repository.references().is_ok_and(|mut references| references.next().is_none())
}
