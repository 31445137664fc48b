//! The demo's git repository: a real one, in a temporary folder, filled from the declarations that this
//! program was built with.

use std::fs;
use std::path::{Path, PathBuf};

use git2::{IndexAddOption, Repository, Signature, Time};
use similar::TextDiff;

use crate::model::Instant;

const PRODUCTION: &str = "environments/production.yaml";

/// The files of the first commit.
const FILES: [(&str, &str); 5] = [
    ("environments/platforms/graasp.yaml", include_str!("../../../environments/platforms/graasp.yaml")),
    (PRODUCTION, include_str!("../../../environments/production.yaml")),
    ("environments/staging.yaml", include_str!("../../../environments/staging.yaml")),
    ("environments/dev.yaml", include_str!("../../../environments/dev.yaml")),
    ("environments/schema.json", include_str!("../../../environments/schema.json")),
];

/// A repository that is deleted with this value, unless `keep` is called.
pub(super) struct DemoRepository {
    folder: tempfile::TempDir,
    repository: Repository,
}

impl DemoRepository {
    /// Creates the repository, with a first commit.
    pub(super) fn create(at: Instant) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("tidegate-demo-").tempdir()?;
        let repository = Repository::init(folder.path())?;
        for (name, text) in FILES {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("every file stands in a folder"))?;
            fs::write(path, text)?;
        }
        let made = Self { folder, repository };
        made.commit("Declare what runs", at)?;
        Ok(made)
    }

    /// The folder of the repository.
    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Keeps the folder after the program ends, and returns it.
    pub(super) fn keep(self) -> PathBuf {
        self.folder.keep()
    }

    /// Changes production's versions, commits that and returns the change as `git diff` shows it.
    pub(super) fn release(
        &self,
        title: &str,
        versions: &[(&str, &str)],
        at: Instant,
    ) -> anyhow::Result<String> {
        let path = self.folder.path().join(PRODUCTION);
        let before = fs::read_to_string(&path)?;
        let after =
            versions.iter().try_fold(before.clone(), |text, (key, version)| bump(&text, key, version))?;
        fs::write(&path, &after)?;
        self.commit(title, at)?;
        let changes = TextDiff::from_lines(&before, &after);
        let (old, new) = (format!("a/{PRODUCTION}"), format!("b/{PRODUCTION}"));
        Ok(changes.unified_diff().context_radius(1).header(&old, &new).to_string())
    }

    fn commit(&self, title: &str, at: Instant) -> anyhow::Result<()> {
        let mut index = self.repository.index()?;
        // What the user of this machine ignores in repositories is no part of the demo.
        index.add_all(["environments"], IndexAddOption::FORCE, None)?;
        index.write()?;
        let tree = self.repository.find_tree(index.write_tree()?)?;
        let author = Signature::new("Ann", "ann@example.org", &Time::new(at.timestamp(), 0))?;
        let parent = match self.repository.head() {
            Ok(head) => Some(head.peel_to_commit()?),
            Err(_) => None,
        };
        let parents: Vec<_> = parent.iter().collect();
        self.repository.commit(Some("HEAD"), &author, &author, title, &tree, &parents)?;
        Ok(())
    }
}

/// The text with another version of `key`. Comments stay, as when a person edits the line.
fn bump(text: &str, key: &str, version: &str) -> anyhow::Result<String> {
    let start = format!("  {key}: v");
    let old = text.lines().find(|line| line.starts_with(&start));
    let old = old.ok_or_else(|| anyhow::anyhow!("{PRODUCTION} has no version of `{key}`"))?;
    Ok(text.replacen(&format!("{old}\n"), &format!("  {key}: {version}\n"), 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Location, Poll};

    #[test]
    fn a_release_is_a_commit_that_the_source_reads() {
        let at = Instant::from_timestamp(1_800_000_000, 0).unwrap();
        let repository = DemoRepository::create(at).unwrap();
        let mut source = crate::source::open(crate::source::OpenRequest {
            location: Location::LocalRepo(repository.path().to_owned()),
            rev: None,
            path: "environments".to_owned(),
            clones: None,
            credentials: Default::default(),
            timeout: crate::source::TIMEOUT_DEFAULT,
        })
        .unwrap();
        let mut poll = || match source.poll().unwrap() {
            Poll::Changed(tree) => tree,
            other => panic!("{other:?}"),
        };
        let read = |tree: &crate::source::Tree| crate::spec::read(&tree.files, "environments", at);
        let before = read(&poll());
        assert!(!before.has_errors());
        let diff = repository.release("core v9.0.0", &[("core", "v9.0.0")], at).unwrap();
        assert!(diff.contains("+  core: v9.0.0"), "{diff}");
        let after = read(&poll());
        assert_eq!(after.environments["production"].versions["core"].as_str(), "v9.0.0");
    }
}
