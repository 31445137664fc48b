//! What the daemon works towards: the last good declaration of each environment, poll after poll.
//!
//! A value that takes polls in and says what is worth telling. A repository that cannot be reached, a commit
//! that does not validate and a history that was rewritten change nothing of what is worked towards; each is
//! told once when it begins, and when it is over.

use std::collections::{BTreeMap, BTreeSet};

use crate::context::DeclaredTree;
use crate::model::{EnvironmentName, Instant, Revision};
use crate::reconcile::DeclaredEnvironment;
use crate::source::{Poll, SourceError, Tree};

/// Something that people should hear about, once.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    /// Another revision is in force.
    Adopted {
        /// Which.
        revision: Revision,
        /// How many environments it declares without an error.
        environments: usize,
    },
    /// An environment's declaration has errors; the last good one stays in force.
    Broken {
        /// Which environment.
        environment: EnvironmentName,
        /// The commit with the errors.
        revision: Revision,
        /// The first error, with its place.
        error: String,
        /// What stays in force; none = nothing is known of it.
        kept: Option<Revision>,
    },
    /// An environment is declared no more: it is left as it is.
    Unmanaged {
        /// Which.
        environment: EnvironmentName,
    },
    /// The repository cannot be read; what was declared last stays in force.
    Unreachable {
        /// Why.
        error: String,
        /// What to do.
        hint: String,
    },
    /// It can be read again.
    Reachable,
    /// Its history was rewritten; nothing of it is taken over until a person agrees.
    Rewritten {
        /// The revision in force.
        from: Revision,
        /// What stands there now.
        to: Revision,
    },
    /// A person agreed to rewritten history that is not there.
    NothingHeld {
        /// As they wrote it.
        named: String,
    },
}

/// The fold of all polls.
#[derive(Clone, Debug, Default)]
pub struct InForce {
    /// What is in force.
    pub environments: BTreeMap<EnvironmentName, DeclaredEnvironment>,
    /// The newest revision that was taken over.
    pub accepted: Option<Revision>,
    /// Environments whose newest declaration has errors.
    pub broken: BTreeSet<EnvironmentName>,
    unreachable: Option<String>,
    held: Option<Tree>,
}

impl InForce {
    /// Takes a poll in. `path` is the folder of environments, `place` the source for people.
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
                self.held = None;
                notices.extend(self.adopt(tree, path, place, now));
            }
            Poll::Rewritten { from, tree } => {
                notices.push(Notice::Rewritten { from, to: tree.revision.clone() });
                self.held = Some(tree);
            }
        }
        notices
    }

    /// A person agrees to the rewritten history whose newest commit begins with `revision`. None: no such
    /// history is held.
    pub fn agree(&mut self, revision: &str, path: &str, place: &str, now: Instant) -> Option<Vec<Notice>> {
        let names = |tree: &mut Tree| !revision.is_empty() && tree.revision.as_str().starts_with(revision);
        let tree = self.held.take_if(names)?;
        Some(self.adopt(tree, path, place, now))
    }

    /// Whether something is declared under this name, right or wrong.
    pub fn names(&self, environment: &EnvironmentName) -> bool {
        self.environments.contains_key(environment) || self.broken.contains(environment)
    }

    /// Whether the repository could be read the last time.
    pub fn is_reachable(&self) -> bool {
        self.unreachable.is_none()
    }

    fn fail(&mut self, error: &SourceError) -> Vec<Notice> {
        // An attempt that still hangs is the same trouble as the one that made it hang.
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
        vec![Notice::Unreachable { error: text, hint: error.hint() }]
    }

    fn adopt(&mut self, tree: Tree, path: &str, place: &str, now: Instant) -> Vec<Notice> {
        let revision = tree.revision.clone();
        let declared = DeclaredTree::read(tree, path, place.to_owned(), now).declarations;
        let mut notices =
            vec![Notice::Adopted { revision: revision.clone(), environments: declared.environments.len() }];
        let is_gone = |name: &EnvironmentName| {
            !declared.environments.contains_key(name) && !declared.broken.contains_key(name)
        };
        let gone: Vec<EnvironmentName> =
            self.environments.keys().filter(|name| is_gone(name)).cloned().collect();
        for environment in gone {
            self.environments.remove(&environment);
            notices.push(Notice::Unmanaged { environment });
        }
        self.broken = declared.broken.keys().cloned().collect();
        for (environment, errors) in declared.broken {
            let kept = self.environments.get(&environment).map(|wanted| wanted.revision.clone());
            let mut error = errors
                .first()
                .map_or_else(String::new, |error| format!("{}: {}", error.place, error.message));
            if errors.len() > 1 {
                error.push_str(&format!(" (and {} more)", errors.len() - 1));
            }
            notices.push(Notice::Broken { environment, revision: revision.clone(), error, kept });
        }
        for (name, spec) in declared.environments {
            self.environments.insert(name, DeclaredEnvironment { spec, revision: revision.clone() });
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
    fn trouble_is_told_when_it_begins_and_when_it_ends() {
        let mut declarations = InForce::default();
        take(&mut declarations, Poll::Changed(tree("a", &[("dev", GOOD)])));
        let mut again = || declarations.take(unreachable(), "environments", "here", now());
        assert!(matches!(&again()[..], [Notice::Unreachable { .. }]));
        assert_eq!(again(), []);
        assert_eq!(take(&mut declarations, Poll::Unchanged), [Notice::Reachable]);
        assert!(declarations.environments.contains_key("dev") && declarations.is_reachable());
    }

    #[test]
    fn an_attempt_that_still_hangs_is_no_news() {
        let mut declarations = InForce::default();
        let mut fail = |error| declarations.take(Err(error), "environments", "here", now()).len();
        let timeout = std::time::Duration::from_secs(60);
        assert_eq!(fail(SourceError::Deadline { place: "there".into(), timeout }), 1);
        assert_eq!(fail(SourceError::StillTrying { place: "there".into() }), 0);
        assert_eq!(fail(SourceError::Deadline { place: "there".into(), timeout }), 0);
    }

    #[test]
    fn rewritten_history_is_taken_over_only_when_a_person_agrees() {
        let mut declarations = InForce::default();
        take(&mut declarations, Poll::Changed(tree("a", &[("dev", GOOD)])));
        let from = Revision::commit("a");
        take(&mut declarations, Poll::Rewritten { from, tree: tree("b123", &[("dev", GOOD)]) });
        assert_eq!(declarations.accepted, Some(Revision::commit("a")));
        for wrong in ["c", "", "b1234"] {
            assert_eq!(declarations.agree(wrong, "environments", "here", now()), None, "{wrong}");
        }
        assert!(declarations.agree("b1", "environments", "here", now()).is_some());
        assert_eq!(declarations.accepted, Some(Revision::commit("b123")));
    }

    #[test]
    fn a_deleted_environment_is_let_go() {
        let mut declarations = InForce::default();
        take(&mut declarations, Poll::Changed(tree("a", &[("dev", GOOD)])));
        let notices = take(&mut declarations, Poll::Changed(tree("b", &[])));
        assert!(notices.contains(&Notice::Unmanaged { environment: "dev".into() }));
        assert!(declarations.environments.is_empty());
    }
}
