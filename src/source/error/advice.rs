//! What to do about an error of this room: the hint that is printed below it, and whether waiting may help.

use super::SourceError;

impl SourceError {
    /// What to do next, in one sentence.
    pub fn hint(&self) -> String {
        match self {
            SourceError::PathLeaves { .. } => {
                "give `--path` relative to the root of the repository, such as `--path environments`".to_owned()
            }
            SourceError::NoRemotes { .. } => {
                "give a local repository with `--repo`, or build tidegate with remotes: `cargo build --release` \
                 without `--no-default-features`"
                    .to_owned()
            }
            SourceError::PathMissing { revision, .. } if revision == "worktree" => {
                "give the folder of environments with `--path`, or another directory with `--dir`; to see tidegate \
                 work without AWS: `tidegate demo`; to declare what runs in AWS: tidegate import CLUSTER --write"
                    .to_owned()
            }
            SourceError::PathMissing { .. } => {
                "give the folder of environments with `--path`, or another revision with `--rev`; tidegate reads \
                 committed files only"
                    .to_owned()
            }
            SourceError::PathNotFolder { .. } => {
                "give a folder with `--path`; tidegate does not follow links".to_owned()
            }
            SourceError::Read { .. } => "check that the path exists and that this user may read it".to_owned(),
            SourceError::NotARepository { root: Some(root), .. } => {
                format!(
                    "the repository is {}: give that path with `--repo`, and the folder inside it with `--path`",
                    root.display()
                )
            }
            SourceError::NotARepository { root: None, .. } => {
                "give a repository with `--repo`, or a folder of plain files with `--dir`".to_owned()
            }
            SourceError::Git { fault, .. } => fault.hint().to_owned(),
            SourceError::NoCommits { .. } => "commit the declarations first".to_owned(),
            SourceError::NoHead { .. } => "give a branch with `--rev`".to_owned(),
            SourceError::UnknownRev { rev, known, .. } => match closest(rev, known) {
                Some(name) => format!("did you mean `{name}`?"),
                None => "give a branch, a tag or a commit with `--rev`".to_owned(),
            },
            SourceError::Remote { fault, .. } => fault.hint().to_owned(),
            SourceError::Deadline { .. } | SourceError::StillTrying { .. } => {
                "check the network and the remote, or allow more time with `git.timeout` in the configuration"
                    .to_owned()
            }
            SourceError::Clone { .. } => {
                "check that this user may write there and that the disk has free space".to_owned()
            }
            SourceError::Credential { .. } => {
                "check the path in `[git]` of the configuration, and that this user may read the file".to_owned()
            }
        }
    }

    /// Whether the error may pass by itself. Otherwise a person has to change something first.
    pub fn may_pass(&self) -> bool {
        match self {
            SourceError::Remote { fault, .. } => fault.may_pass(),
            SourceError::Deadline { .. } | SourceError::StillTrying { .. } => true,
            _ => false,
        }
    }
}

/// The known name that is closest to `wanted`, with at most a third of the characters wrong.
fn closest<'a>(wanted: &str, known: &'a [String]) -> Option<&'a str> {
    known
        .iter()
        .map(|name| (strsim::damerau_levenshtein(wanted, name), name.as_str()))
        .filter(|(distance, _)| *distance <= wanted.chars().count().div_ceil(3))
        .min()
        .map(|(_, name)| name)
}
