use std::fs;

use super::LocalRepoSource;
use crate::model::Revision;
use crate::source::fixture::{Repo, changed};
use crate::source::{Poll, Source, SourceError};

fn open(repo: &Repo, rev: Option<&str>) -> LocalRepoSource {
    LocalRepoSource::new(repo.path().to_owned(), rev.map(str::to_owned), "environments").unwrap()
}

#[test]
fn reads_commits_and_never_the_work_tree() {
    let repo = Repo::new();
    let first = repo.commit("main", &[("environments/dev.yaml", "one"), ("README.md", "no")]);
    let mut source = open(&repo, None);
    let tree = changed(source.poll().unwrap());
    assert_eq!(tree.revision, first);
    assert_eq!(tree.files.keys().collect::<Vec<_>>(), ["environments/dev.yaml"]);

    fs::create_dir_all(repo.path().join("environments")).unwrap();
    fs::write(repo.path().join("environments/dev.yaml"), "edited, not committed").unwrap();
    assert_eq!(source.poll().unwrap(), Poll::Unchanged);

    repo.commit("main", &[("environments/dev.yaml", "two")]);
    assert_eq!(changed(source.poll().unwrap()).files["environments/dev.yaml"], b"two");
}

#[test]
fn a_revision_is_a_branch_a_tag_or_a_commit() {
    let repo = Repo::new();
    let first = repo.commit("main", &[("environments/dev.yaml", "one")]);
    repo.tag("v1", &first);
    let second = repo.commit("main", &[("environments/dev.yaml", "two")]);
    let third = repo.commit("next", &[("environments/dev.yaml", "three")]);
    for (rev, revision) in [
        (None, &second),
        (Some("main"), &second),
        (Some("next"), &third),
        (Some("v1"), &first),
        (Some(first.as_str()), &first),
        (Some(&first.as_str()[..9]), &first),
        (Some("main~1"), &first),
    ] {
        assert_eq!(&changed(open(&repo, rev).poll().unwrap()).revision, revision, "{rev:?}");
    }
    let error = open(&repo, Some("mian")).poll().unwrap_err();
    assert!(
        error.to_string().contains("no branch, tag or commit `mian`; its branches and tags are"),
        "{error}"
    );
    assert_eq!(error.hint(), "did you mean `main`?");
}

#[test]
fn history_that_lost_the_accepted_revision_is_rewritten() {
    let repo = Repo::new();
    let first = repo.commit("main", &[("environments/dev.yaml", "one")]);
    let mut source = open(&repo, None);
    source.accept(&first);
    assert_eq!(changed(source.poll().unwrap()).revision, first);
    repo.commit("main", &[("environments/dev.yaml", "two")]);
    let third = repo.commit("main", &[("environments/dev.yaml", "three")]);
    assert_eq!(changed(source.poll().unwrap()).revision, third);

    let other = repo.rewrite("main", &[("environments/dev.yaml", "other")]);
    match source.poll().unwrap() {
        Poll::Rewritten { from, tree } => assert_eq!((from, tree.revision), (first, other.clone())),
        poll => panic!("{poll:?}"),
    }
    assert_eq!(source.poll().unwrap(), Poll::Unchanged, "said once; the caller holds it");

    source.accept(&other);
    let next = repo.commit("main", &[("environments/dev.yaml", "next")]);
    assert_eq!(changed(source.poll().unwrap()).revision, next);
}

#[test]
fn links_are_passed_over_and_named() {
    let repo = Repo::new();
    repo.commit("main", &[("environments/dev.yaml", "one")]);
    repo.link("main", "environments/prod.yaml", "../../etc/passwd");
    let tree = changed(open(&repo, None).poll().unwrap());
    assert_eq!(tree.files.keys().collect::<Vec<_>>(), ["environments/dev.yaml"]);
    assert_eq!(tree.links, ["environments/prod.yaml"]);
}

#[test]
fn says_why_a_path_cannot_serve() {
    let empty = Repo::new();
    let error = open(&empty, None).poll().unwrap_err();
    assert!(matches!(error, SourceError::NoCommits { .. }), "{error}");

    let plain = tempfile::tempdir().unwrap();
    let error =
        LocalRepoSource::new(plain.path().to_owned(), None, "environments").unwrap().poll().unwrap_err();
    assert!(error.to_string().ends_with("is not a git repository"), "{error}");
    assert!(error.hint().contains("--dir"), "{}", error.hint());

    let repo = Repo::new();
    repo.commit("main", &[("deploy/dev.yaml", "one"), ("docs/x.md", "x"), ("file", "x")]);
    let sub = repo.path().join("sub");
    fs::create_dir(&sub).unwrap();
    let error = LocalRepoSource::new(sub, None, "deploy").unwrap().poll().unwrap_err();
    assert!(error.hint().starts_with("the repository is "), "{}", error.hint());

    let error = open(&repo, None).poll().unwrap_err();
    assert!(error.to_string().contains("no folder `environments` at "), "{error}");
    assert!(error.to_string().ends_with("its folders are `deploy`, `docs`"), "{error}");
    let error = LocalRepoSource::new(repo.path().to_owned(), None, "file").unwrap().poll().unwrap_err();
    assert!(error.to_string().ends_with("is a file, not a folder"), "{error}");

    repo.git.set_head("refs/heads/gone").unwrap();
    let error = open(&repo, None).poll().unwrap_err();
    assert!(error.to_string().ends_with("its branches are `main`"), "{error}");
}

#[test]
fn an_accepted_worktree_is_no_history() {
    let repo = Repo::new();
    repo.commit("main", &[("environments/dev.yaml", "one")]);
    let mut source = open(&repo, None);
    source.accept(&Revision::worktree());
    changed(source.poll().unwrap());
}
