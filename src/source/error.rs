//! What can go wrong when declarations are fetched, and what to do about it.
//!
//! Messages of git arrive here already redacted and as text: an error of git itself may carry a URL.

mod advice;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

/// Which part of a conversation with a remote failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemoteStep {
    /// Asking which branches and tags there are.
    List,
    /// Transferring commits.
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

/// Why declarations could not be had. Never contains credentials.
#[derive(Debug, Error)]
pub enum SourceError {
    /// `--path` is absolute or climbs out.
    #[error("the folder `{path}` leads out of the repository")]
    PathLeaves {
        /// As the user wrote it.
        path: String,
    },
    /// The folder of environments is not there.
    #[error("{place} has no folder `{path}` at {revision}; it has {}", listed(present))]
    PathMissing {
        /// The repository or directory.
        place: String,
        /// The folder asked for.
        path: String,
        /// The commit, or `worktree`.
        revision: String,
        /// The folders that are there.
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
    /// A file above the size limit.
    #[error("{file} in {place} has {bytes} bytes; at most {} are read", super::limits::FILE_BYTES_MAX)]
    FileTooLarge {
        /// The repository or directory.
        place: String,
        /// The path inside it.
        file: String,
        /// Its size.
        bytes: u64,
    },
    /// More files, or more bytes, than declarations can have.
    #[error("{place} has more than {limit} below `{path}`")]
    TreeTooLarge {
        /// The repository or directory.
        place: String,
        /// The folder of environments.
        path: String,
        /// The limit that was passed, in words.
        limit: String,
    },
    /// A file name that is not text.
    #[error("{place} has a file whose name is not UTF-8: {file}")]
    NameNotText {
        /// The repository or directory.
        place: String,
        /// The path, with the unreadable bytes replaced.
        file: String,
    },
    /// Plain files could not be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// This build cannot speak to remotes.
    #[error("cannot read {place}: this tidegate was built without the feature `remotes`")]
    NoRemotes {
        /// The remote, without credentials.
        place: String,
    },
    /// A path that holds no repository.
    #[error("{} is not a git repository", path.display())]
    NotARepository {
        /// As the user gave it.
        path: PathBuf,
        /// The repository that it is a part of, if there is one.
        root: Option<PathBuf>,
    },
    /// A repository that git refuses to open, or whose objects it cannot read.
    #[error("cannot {operation} in {place}: {message}")]
    Git {
        /// What we wanted of git.
        operation: &'static str,
        /// The repository.
        place: String,
        /// What git said, redacted.
        message: String,
        /// Whether git refused because the folder belongs to somebody else.
        foreign_owner: bool,
    },
    /// A repository without commits.
    #[error("{place} has no commits yet")]
    NoCommits {
        /// The repository.
        place: String,
    },
    /// A remote whose HEAD names a branch that does not exist.
    #[error("the HEAD of {place} names no commit; its branches are {}", listed(known))]
    NoHead {
        /// The repository.
        place: String,
        /// Its branches.
        known: Vec<String>,
    },
    /// A branch, tag or commit that is not there.
    #[error("{place} has no branch, tag or commit `{rev}`; it has {}", listed(known))]
    UnknownRev {
        /// The repository.
        place: String,
        /// As the user wrote it.
        rev: String,
        /// Its branches and tags.
        known: Vec<String>,
    },
    /// A remote that does not answer as it should.
    #[error("cannot {step} {place}: {message}")]
    Remote {
        /// Which part of the conversation.
        step: RemoteStep,
        /// The remote.
        place: String,
        /// What git said, redacted.
        message: String,
        /// Whether it is about who we are (or who they are), not about the network.
        fault: RemoteFault,
    },
    /// A poll that took too long.
    #[error("{place} gave no complete answer within {}", humantime::format_duration(*timeout))]
    Deadline {
        /// The remote.
        place: String,
        /// How long was waited.
        timeout: Duration,
    },
    /// The attempt before has passed its deadline and still hangs in the network.
    #[error("an earlier attempt to reach {place} has not ended yet")]
    StillTrying {
        /// The remote.
        place: String,
    },
    /// The folder for clones cannot be used.
    #[error("cannot keep a clone in {}", path.display())]
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

/// Which kind of trouble a remote made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemoteFault {
    /// The network, or the server.
    Network,
    /// It wants to know who we are, or does not like the answer.
    Authentication,
    /// We do not trust its certificate or host key.
    Certificate,
    /// There is no such repository, or none that we may see.
    NotFound,
}

/// How many names an error lists before it only counts them.
const NAMES_LISTED_MAX: usize = 10;

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
