//! What to do about an error of this room: the hint that is printed below it, and whether waiting may help.

use super::{RemoteFault, SourceError};

impl SourceError {
    /// What to do next, in one sentence.
    pub fn hint(&self) -> String {
        match self {
            SourceError::PathLeaves { .. } => {
                "`--path` is relative to the root of the repository: `environments`".to_owned()
            }
            SourceError::NoRemotes { .. } => {
                "use a local repository, or build it with remotes: cargo build --release \
                 (without `--no-default-features`)"
                    .to_owned()
            }
            SourceError::PathMissing { revision, .. } if revision == "worktree" => {
                "name the folder of environments with `--path`, or another directory with `--dir`".to_owned()
            }
            SourceError::PathMissing { .. } => {
                "name the folder of environments with `--path`, or another revision with `--rev`; only \
                 committed files are read"
                    .to_owned()
            }
            SourceError::PathNotFolder { .. } => {
                "name a real folder with `--path`; links are not followed".to_owned()
            }
            SourceError::FileTooLarge { .. } | SourceError::TreeTooLarge { .. } => {
                "keep only declarations below the folder of environments, or name a smaller one with `--path`"
                    .to_owned()
            }
            SourceError::NameNotText { .. } => "rename the file".to_owned(),
            SourceError::Read { .. } => "check that it exists and that this user may read it".to_owned(),
            SourceError::NotARepository { root: Some(root), .. } => {
                format!(
                    "its repository is {}: name that, and the folder inside it with `--path`",
                    root.display()
                )
            }
            SourceError::NotARepository { root: None, .. } => {
                "name a repository, or use `--dir` for plain files".to_owned()
            }
            SourceError::Git { foreign_owner: true, .. } => {
                "it belongs to another user: `git config --global --add safe.directory PATH` permits it"
                    .to_owned()
            }
            SourceError::Git { .. } => "check it with `git fsck`, and that the disk has room".to_owned(),
            SourceError::NoCommits { .. } => "commit the declarations first".to_owned(),
            SourceError::NoHead { .. } => "name a branch with `--rev`".to_owned(),
            SourceError::UnknownRev { rev, known, .. } => match closest(rev, known) {
                Some(name) => format!("did you mean `{name}`?"),
                None => "name a branch, a tag or a commit with `--rev`".to_owned(),
            },
            SourceError::Remote { fault, .. } => fault.hint().to_owned(),
            SourceError::Deadline { .. } | SourceError::StillTrying { .. } => {
                "check the network and the remote; `git.timeout` in the configuration allows more time"
                    .to_owned()
            }
            SourceError::Clone { .. } => {
                "check that this user may write there and that the disk has room".to_owned()
            }
            SourceError::Credential { .. } => {
                "check the path in `[git]` and who may read the file".to_owned()
            }
        }
    }

    /// Whether waiting may help. Otherwise somebody has to change something first.
    pub fn may_pass(&self) -> bool {
        match self {
            SourceError::Remote { fault, .. } => *fault == RemoteFault::Network,
            SourceError::Deadline { .. } | SourceError::StillTrying { .. } => true,
            _ => false,
        }
    }
}

impl RemoteFault {
    fn hint(self) -> &'static str {
        match self {
            RemoteFault::Network => "check the URL and the network; the next poll tries again",
            RemoteFault::Authentication => {
                "for ssh, set `git.ssh_key` or start an agent; for https, set `git.token_file` or `git.token_env`"
            }
            RemoteFault::Certificate => {
                "for ssh, put the host's key into ~/.ssh/known_hosts of the user that runs tidegate \
                 (`ssh-keyscan HOST`); for https, install the authority's certificate"
            }
            RemoteFault::NotFound => {
                "check the URL; many servers also say this when the credentials may not see the repository"
            }
        }
    }
}

/// The name a person may have meant: at most a third of it typed wrong.
fn closest<'a>(wanted: &str, known: &'a [String]) -> Option<&'a str> {
    known
        .iter()
        .map(|name| (strsim::damerau_levenshtein(wanted, name), name.as_str()))
        .filter(|(distance, _)| *distance <= wanted.chars().count().div_ceil(3))
        .min()
        .map(|(_, name)| name)
}
