//! Git, and nothing of it anywhere else in the program.
//!
//! Two sources share what is here: [`LocalRepoSource`] opens a repository in place and reads its commits;
//! [`GitSource`] keeps a clone of a remote. Both answer from objects of one commit, never from a work tree.

mod auth;
mod checkout;
mod choice;
mod clone;
mod deadline;
mod history;
mod local;
mod remote;

use std::sync::Once;
use std::time::Duration;

pub use auth::{Credentials, Token};
pub use local::LocalRepoSource;
pub use remote::{GitSource, Transfers};

use super::SourceError;

/// How long a connection may take to stand: three lost packets and their repeats.
const CONNECT_MAX: Duration = Duration::from_secs(10);

/// How long a server may say nothing. Only the net below the deadline of a poll, which does not wait for it:
/// this ends the thread that was left behind.
const SILENCE_MAX: Duration = Duration::from_secs(30);

/// Makes git give up on peers that do not answer. libgit2 waits for ever by default.
#[expect(
    unsafe_code,
    reason = "libgit2 keeps these two settings in globals; git2 has no safe way to set them"
)]
fn limit_silence() {
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

/// An error about objects on this machine.
fn broken(operation: &'static str, place: &str) -> impl Fn(git2::Error) -> SourceError {
    move |error| SourceError::Git {
        operation,
        place: place.to_owned(),
        message: error.message().to_owned(),
        foreign_owner: error.code() == git2::ErrorCode::Owner,
    }
}

/// Whether there is no reference at all. libgit2's own answer depends on this user's `init.defaultBranch`.
fn is_empty(repository: &git2::Repository) -> bool {
    repository.references().is_ok_and(|mut references| references.next().is_none())
}
