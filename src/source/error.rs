//! What can go wrong when tidegate reads declarations from git or from a folder.
//!
//! Messages of git arrive here as text and already redacted: an error of git itself may carry a URL with a token.

mod advice;
mod local;
mod remote;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

pub use local::LocalFault;
pub use remote::RemoteFault;

/// Which request to a remote failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemoteStep {
    /// Listing branches and tags (`git ls-remote`).
    List,
    /// Fetching commits.
    Fetch,
}

impl fmt::Display for RemoteStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RemoteStep::List => "list the branches of",
            RemoteStep::Fetch => "fetch from",
        })
    }
}

/// Why declarations could not be read. Never contains credentials.
#[derive(Debug, Error)]
pub enum SourceError {
    /// `--path` is absolute, or leaves the repository through `..`.
    #[error("the folder `{path}` is outside the repository")]
    PathLeaves {
        /// As the user wrote it.
        path: String,
    },
    /// The folder of environments does not exist.
    #[error("{}", without_folder(place, path, revision, present))]
    PathMissing {
        /// The repository or directory.
        place: String,
        /// The folder asked for.
        path: String,
        /// The commit, or `worktree`.
        revision: String,
        /// The folders that exist.
        present: Vec<String>,
    },
    /// The folder of environments is a file or a link.
    #[error("`{path}` in {place} at {revision} is {kind}, not a folder")]
    PathNotFolder {
        /// The repository or directory.
        place: String,
        /// The folder asked for.
        path: String,
        /// The commit, or `worktree`.
        revision: String,
        /// `a file`, `a symbolic link`, `a submodule`.
        kind: &'static str,
    },
    /// Plain files could not be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// This build has no support for remotes.
    #[error(
        "cannot read {place}: this tidegate was built without the feature `remotes`, which reads remote repositories"
    )]
    NoRemotes {
        /// The remote, without credentials.
        place: String,
    },
    /// `--repo` names a folder that is not a repository.
    #[error("{} is not a git repository", path.display())]
    NotARepository {
        /// As the user gave it.
        path: PathBuf,
        /// The repository that contains the folder, if there is one.
        root: Option<PathBuf>,
    },
    /// A repository that git refuses to open, or whose objects it cannot read.
    #[error("cannot {operation} in {place}: {}", with_meaning(fault.meaning(), message))]
    Git {
        /// What tidegate tried; reads after "cannot".
        operation: &'static str,
        /// The repository.
        place: String,
        /// What git said, redacted.
        message: String,
        /// What it means, which decides the hint.
        fault: LocalFault,
    },
    /// A repository without commits.
    #[error("{place} has no commits yet")]
    NoCommits {
        /// The repository.
        place: String,
    },
    /// A remote whose HEAD names a branch that does not exist.
    #[error("HEAD of {place} names a branch that does not exist; its branches are {}", listed(known))]
    NoHead {
        /// The repository.
        place: String,
        /// Its branches.
        known: Vec<String>,
    },
    /// A branch, tag or commit that does not exist.
    #[error("{place} has no branch, tag or commit `{rev}`; its branches and tags are {}", listed(known))]
    UnknownRev {
        /// The repository.
        place: String,
        /// As the user wrote it.
        rev: String,
        /// Its branches and tags.
        known: Vec<String>,
    },
    /// A remote that cannot be reached, or refuses.
    #[error("cannot {step} {place}: {}", with_meaning(Some(fault.meaning()), message))]
    Remote {
        /// Which request failed.
        step: RemoteStep,
        /// The remote.
        place: String,
        /// What git said, redacted.
        message: String,
        /// What the answer means, which decides the hint.
        fault: RemoteFault,
    },
    /// A poll that reached its deadline.
    #[error("timeout: {place} did not answer completely within {}", humantime::format_duration(*timeout))]
    Deadline {
        /// The remote.
        place: String,
        /// The deadline of the poll.
        timeout: Duration,
    },
    /// Many attempts have reached their deadline and still hang in the network.
    #[error(
        "{} attempts to reach {place} still hang, so tidegate starts no other one",
        super::limits::HANGING_MAX
    )]
    StillTrying {
        /// The remote.
        place: String,
    },
    /// The folder for clones cannot be used.
    #[error("cannot write the clone to {}", path.display())]
    Clone {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A token or key that cannot be read.
    #[error("cannot read the {what} in {}", path.display())]
    Credential {
        /// `git token`, `ssh key`.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// What an answer is, then what git said.
fn with_meaning(meaning: Option<&str>, message: &str) -> String {
    match meaning {
        None => message.to_owned(),
        Some(meaning) => format!("{meaning} (git: {message})"),
    }
}

/// The most names that an error lists; it counts the others.
const NAMES_LISTED_MAX: usize = 10;

fn without_folder(place: &str, path: &str, revision: &str, present: &[String]) -> String {
    let place = if place == "." { "this directory" } else { place };
    let at = if revision == "worktree" { String::new() } else { format!(" at {revision}") };
    let has = match present {
        [] => "it has no folders".to_owned(),
        present => format!("its folders are {}", listed(present)),
    };
    format!("{place} has no folder `{path}`{at}; {has}")
}

fn listed(names: &[String]) -> String {
    if names.is_empty() {
        return "none".to_owned();
    }
    let mut text =
        names.iter().take(NAMES_LISTED_MAX).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if names.len() > NAMES_LISTED_MAX {
        text.push_str(&format!(" and {} more", names.len() - NAMES_LISTED_MAX));
    }
    text
}
