//! The declarations in force: the last good declaration of each environment, poll after poll.
//!
//! A pure value that takes polls and returns notices. An unreachable repository, a commit with errors and a
//! force-push leave the last good declarations in force. Each yields one notice when it begins.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::kept::KeptDeclaration;
pub use super::notice::Notice;
use crate::context::DeclaredTree;
use crate::model::{EnvironmentName, Instant, Revision};
use crate::reconcile::DeclaredEnvironment;
use crate::source::{Poll, SourceError, Tree};
use crate::spec;

/// The result of all polls so far.
#[derive(Clone, Debug, Default)]
pub struct InForce {
    /// The last good declaration of each environment.
    pub environments: BTreeMap<EnvironmentName, Arc<DeclaredEnvironment>>,
    /// The newest revision whose declarations are in force.
    pub accepted: Option<Revision>,
    /// Since when that revision is in force.
    pub since: Option<Instant>,
    /// Environments whose newest declaration has errors.
    pub broken: BTreeSet<EnvironmentName>,
    /// A defect of tidegate kept it from reading the newest revision; the next one may be readable.
    pub reader_failed: bool,
    /// The error of the last poll, if it failed.
    unreachable: Option<String>,
    /// A force-pushed history that waits for a person.
    pending: Option<Tree>,
    /// What the store does not keep yet; none = the environment is no longer declared.
    unsaved: BTreeMap<EnvironmentName, Option<KeptDeclaration>>,
}

impl InForce {
    /// Takes the result of one poll, and returns what is news. `path` is the folder of environments, `place` the source for people.
    pub fn take(
        &mut self,
        poll: Result<Poll, SourceError>,
        path: &str,
        place: &str,
        now: Instant,
    ) -> Vec<Notice> {
        let mut notices = Vec::new();
        let poll = match poll {
            Ok(poll) => poll,
            Err(error) => return self.fail(&error),
        };
        if self.unreachable.take().is_some() {
            notices.push(Notice::Reachable);
        }
        match poll {
            Poll::Unchanged => {}
            Poll::Changed(tree) => {
                (self.pending, self.reader_failed) = (None, false);
                notices.extend(self.adopt(tree, path, place, now));
            }
            Poll::Rewritten { from, tree } => {
                let (to, accepted) = (tree.revision.clone(), self.accepted.clone());
                notices.push(Notice::Rewritten { from, to, accepted });
                self.pending = Some(tree);
            }
        }
        notices
    }

    /// Puts a declaration in force that the store has kept. `path` is the folder of environments.
    pub(super) fn restore(
        &mut self,
        environment: &EnvironmentName,
        kept: &KeptDeclaration,
        path: &str,
        now: Instant,
    ) -> Notice {
        let mut declared = spec::read(&kept.files, path, now);
        let environment = environment.clone();
        let (revision, since) = (kept.revision.clone(), kept.since);
        let inputs = declared.inputs.remove(&environment);
        let (Some(spec), Some(inputs)) = (declared.environments.remove(&environment), inputs) else {
            let error = declared.diagnostics.iter().find(|diagnostic| diagnostic.is_error());
            let error =
                error.map_or_else(String::new, |error| format!(": {}: {}", error.place, error.message));
            let why = format!("this tidegate does not accept the declaration of {}{error}", revision.short());
            return Notice::NotRestored { environment, why };
        };
        let declared = DeclaredEnvironment { spec, revision: revision.clone(), inputs: inputs.id };
        self.environments.insert(environment.clone(), Arc::new(declared));
        Notice::Restored { environment, revision, since }
    }

    /// What the store is to keep from now on, each once.
    pub(super) fn take_unsaved(&mut self) -> BTreeMap<EnvironmentName, Option<KeptDeclaration>> {
        std::mem::take(&mut self.unsaved)
    }

    /// The store could not take this; the next poll tries again.
    pub(super) fn still_unsaved(&mut self, environment: EnvironmentName, kept: Option<KeptDeclaration>) {
        self.unsaved.insert(environment, kept);
    }

    /// Puts the force-pushed history in force whose newest commit begins with `revision`. None: no such history
    /// is pending.
    pub fn accept_rewritten(
        &mut self,
        revision: &str,
        path: &str,
        place: &str,
        now: Instant,
    ) -> Option<Vec<Notice>> {
        let names = |tree: &mut Tree| !revision.is_empty() && tree.revision.as_str().starts_with(revision);
        let tree = self.pending.take_if(names)?;
        Some(self.adopt(tree, path, place, now))
    }

    /// Whether the repository declares an environment of this name, with or without errors.
    pub fn names(&self, environment: &EnvironmentName) -> bool {
        self.environments.contains_key(environment) || self.broken.contains(environment)
    }

    /// Whether the last poll could read the repository.
    pub fn is_reachable(&self) -> bool {
        self.unreachable.is_none()
    }

    fn fail(&mut self, error: &SourceError) -> Vec<Notice> {
        // The error that made the earlier attempt hang has been reported already.
        if matches!(error, SourceError::StillTrying { .. }) && self.unreachable.is_some() {
            return Vec::new();
        }
        let mut text = error.to_string();
        let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
        causes.for_each(|cause| text.push_str(&format!(": {cause}")));
        if self.unreachable.as_ref() == Some(&text) {
            return Vec::new();
        }
        self.unreachable = Some(text.clone());
        let (accepted, since) = (self.accepted.clone(), self.since);
        vec![Notice::Unreachable { error: text, hint: error.hint(), accepted, since }]
    }

    fn adopt(&mut self, tree: Tree, path: &str, place: &str, now: Instant) -> Vec<Notice> {
        let revision = tree.revision.clone();
        let DeclaredTree { tree, declarations: declared, .. } =
            DeclaredTree::read(tree, path, place.to_owned(), now);
        let mut notices =
            vec![Notice::Adopted { revision: revision.clone(), environments: declared.environments.len() }];
        let is_gone = |name: &EnvironmentName| {
            !declared.environments.contains_key(name) && !declared.broken.contains_key(name)
        };
        let gone: Vec<EnvironmentName> =
            self.environments.keys().filter(|name| is_gone(name)).cloned().collect();
        for environment in gone {
            self.environments.remove(&environment);
            self.unsaved.insert(environment.clone(), None);
            notices.push(Notice::Unmanaged { environment });
        }
        self.broken = declared.broken.keys().cloned().collect();
        for (environment, errors) in declared.broken {
            let kept = self.environments.get(&environment).map(|declared| declared.revision.clone());
            let mut error = errors
                .first()
                .map_or_else(String::new, |error| format!("{}: {}", error.place, error.message));
            if errors.len() > 1 {
                error.push_str(&format!(" (and {} more)", errors.len() - 1));
            }
            notices.push(Notice::Broken { environment, revision: revision.clone(), error, kept });
        }
        for (name, spec) in declared.environments {
            let inputs = &declared.inputs[&name];
            if self.environments.get(&name).is_none_or(|known| known.inputs != inputs.id) {
                let content = |path: &String| Some((path.clone(), tree.files.get(path)?.clone()));
                let files = inputs.files.iter().filter_map(content).collect();
                let kept = KeptDeclaration { revision: revision.clone(), since: now, files };
                self.unsaved.insert(name.clone(), Some(kept));
            }
            let inputs = inputs.id.clone();
            let declared = DeclaredEnvironment { spec, revision: revision.clone(), inputs };
            self.environments.insert(name, Arc::new(declared));
        }
        if self.accepted.as_ref() != Some(&revision) || revision == Revision::worktree() {
            self.since = Some(now);
        }
        self.accepted = Some(revision);
        notices
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "name: NAME\naws: {region: eu-west-1, account: \"111122223333\"}\ncluster: NAME\nservices: {web: {}}\n";

    fn tree(revision: &str, files: &[(&str, &str)]) -> Tree {
        Tree {
            revision: Revision::commit(revision),
            files: files
                .iter()
                .map(|(name, text)| {
                    (format!("environments/{name}.yaml"), text.replace("NAME", name).into_bytes())
                })
                .collect(),
            faults: BTreeMap::new(),
            links: Vec::new(),
        }
    }

    fn now() -> Instant {
        Instant::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn take(declarations: &mut InForce, poll: Poll) -> Vec<Notice> {
        declarations.take(Ok(poll), "environments", "here", now())
    }

    fn unreachable() -> Result<Poll, SourceError> {
        Err(SourceError::PathLeaves { path: "..".to_owned() })
    }

    #[test]
    fn a_broken_commit_keeps_the_last_good_declaration_of_that_environment_alone() {
        let mut declarations = InForce::default();
        take(&mut declarations, Poll::Changed(tree("a", &[("dev", GOOD), ("prod", GOOD)])));
        let notices =
            take(&mut declarations, Poll::Changed(tree("b", &[("dev", GOOD), ("prod", "name: 3")])));
        let revision_of = |name: &str| declarations.environments[name].revision.as_str();
        assert_eq!((revision_of("dev"), revision_of("prod")), ("b", "a"));
        assert!(matches!(
            &notices[..],
            [Notice::Adopted { environments: 1, .. }, Notice::Broken { environment, kept: Some(kept), .. }]
                if environment.as_str() == "prod" && kept.as_str() == "a"
        ));
    }

    #[test]
    fn an_outage_yields_one_notice_when_it_begins_and_one_when_it_ends() {
        let mut declarations = InForce::default();
        take(&mut declarations, Poll::Changed(tree("a", &[("dev", GOOD)])));
        let mut again = || declarations.take(unreachable(), "environments", "here", now());
        assert!(matches!(&again()[..], [Notice::Unreachable { .. }]));
        assert_eq!(again(), []);
        assert_eq!(take(&mut declarations, Poll::Unchanged), [Notice::Reachable]);
        assert!(declarations.environments.contains_key("dev") && declarations.is_reachable());
    }

    #[test]
    fn an_attempt_that_still_hangs_yields_no_notice() {
        let mut declarations = InForce::default();
        let mut fail = |error| declarations.take(Err(error), "environments", "here", now()).len();
        let timeout = std::time::Duration::from_secs(60);
        assert_eq!(fail(SourceError::Deadline { place: "there".into(), timeout }), 1);
        assert_eq!(fail(SourceError::StillTrying { place: "there".into() }), 0);
        assert_eq!(fail(SourceError::Deadline { place: "there".into(), timeout }), 0);
    }

    #[test]
    fn a_force_pushed_history_is_in_force_only_when_a_person_accepts_it() {
        let mut declarations = InForce::default();
        take(&mut declarations, Poll::Changed(tree("a", &[("dev", GOOD)])));
        let from = Revision::commit("a");
        take(&mut declarations, Poll::Rewritten { from, tree: tree("b123", &[("dev", GOOD)]) });
        assert_eq!(declarations.accepted, Some(Revision::commit("a")));
        for wrong in ["c", "", "b1234"] {
            assert_eq!(declarations.accept_rewritten(wrong, "environments", "here", now()), None, "{wrong}");
        }
        assert!(declarations.accept_rewritten("b1", "environments", "here", now()).is_some());
        assert_eq!(declarations.accepted, Some(Revision::commit("b123")));
    }

    #[test]
    fn a_removed_environment_is_no_longer_managed() {
        let mut declarations = InForce::default();
        take(&mut declarations, Poll::Changed(tree("a", &[("dev", GOOD)])));
        let notices = take(&mut declarations, Poll::Changed(tree("b", &[])));
        assert!(notices.contains(&Notice::Unmanaged { environment: "dev".into() }));
        assert!(declarations.environments.is_empty());
    }

    #[test]
    fn a_commit_concerns_only_the_environments_whose_files_it_changes() {
        let based = "extends: platforms/base.yaml\nname: NAME\ncluster: NAME\nservices: {web: {}}\n";
        let base = "aws: {region: eu-west-1, account: \"111122223333\"}\n";
        let commit = |revision: &str, dev: &str, base: &str| {
            let mut tree = tree(revision, &[("dev", dev), ("prod", GOOD)]);
            tree.files.insert("environments/platforms/base.yaml".to_owned(), base.as_bytes().to_vec());
            tree
        };
        let mut declarations = InForce::default();
        take(&mut declarations, Poll::Changed(commit("a", based, base)));
        assert_eq!(
            declarations.take_unsaved().into_keys().collect::<Vec<_>>(),
            ["dev".into(), "prod".into()]
        );
        let inputs = |declarations: &InForce| {
            ["dev", "prod"].map(|name| declarations.environments[name].inputs.clone())
        };
        let first = inputs(&declarations);

        let mut unconcerned = commit("b", based, base);
        unconcerned.files.insert("environments/unused.ics".to_owned(), b"x".to_vec());
        take(&mut declarations, Poll::Changed(unconcerned));
        assert_eq!(inputs(&declarations), first);
        assert_eq!(declarations.environments["dev"].revision, Revision::commit("b"), "for people");
        assert!(declarations.take_unsaved().is_empty());

        take(&mut declarations, Poll::Changed(commit("c", based, &base.replace("west-1", "west-2"))));
        let [dev, prod] = inputs(&declarations);
        assert!(dev != first[0] && prod == first[1], "the base belongs to what extends it");
        assert_eq!(declarations.take_unsaved().into_keys().collect::<Vec<_>>(), ["dev".into()]);
    }

    #[test]
    fn a_declaration_that_was_kept_is_in_force_as_it_was() {
        let mut before = InForce::default();
        take(&mut before, Poll::Changed(tree("a", &[("dev", GOOD)])));
        let kept = before.take_unsaved()["dev"].clone().unwrap();
        let mut after = InForce::default();
        let notice = after.restore(&"dev".into(), &kept, "environments", now());
        assert!(matches!(notice, Notice::Restored { revision, .. } if revision == Revision::commit("a")));
        assert_eq!(after.environments, before.environments);
        take(&mut after, Poll::Changed(tree("a", &[("dev", GOOD)])));
        assert!(after.take_unsaved().is_empty(), "the store keeps it already");
        let other = KeptDeclaration {
            files: [("environments/dev.yaml".to_owned(), b"name: 3".to_vec())].into(),
            ..kept
        };
        let notice = after.restore(&"dev".into(), &other, "environments", now());
        assert!(matches!(notice, Notice::NotRestored { .. }));
    }
}
