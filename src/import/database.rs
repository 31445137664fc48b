//! Which database belongs to a cluster: the one that its services name; else one that cannot be mistaken.

use std::collections::BTreeSet;

use super::error::ImportError;
use super::survey::Survey;
use crate::cloud::{DatabaseStatus, ListedDatabase};
use crate::model::{ServiceName, State};
use crate::spec::DatabaseTarget;

/// What is known of the database.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Choice {
    /// This one.
    Picked { database: ListedDatabase, reason: DatabaseReason },
    /// None, and why; with those that are there.
    None { why: String, known: Vec<DatabaseTarget> },
}

/// KeptReason it is this one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum DatabaseReason {
    /// A person says so.
    Asked,
    /// These services have its address in their environment.
    Named(BTreeSet<ServiceName>),
    /// It is called like the cluster.
    SameName,
    /// There is no other.
    OnlyOne,
}

/// The choice, seen from the state that is declared.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct InState {
    pub(super) choice: Choice,
    /// KeptReason declaring it would change it, if it would.
    pub(super) muted: Option<String>,
}

impl Choice {
    pub(super) fn status(&self) -> Option<&DatabaseStatus> {
        match self {
            Choice::Picked { database, .. } => Some(&database.status),
            Choice::None { .. } => None,
        }
    }

    /// Looks at it beside the state of the environment.
    pub(super) fn in_state(self, state: State) -> InState {
        let muted = match (self.status(), state.database_up()) {
            (Some(DatabaseStatus::Broken(word)), _) => Some(format!("it is {word}, and a person must look")),
            (Some(DatabaseStatus::Stopped | DatabaseStatus::Stopping), true) => {
                Some("it is stopped while services run, and would be started".to_owned())
            }
            _ => None,
        };
        InState { choice: self, muted }
    }
}

impl InState {
    /// Whether it is declared.
    pub(super) fn is_declared(&self) -> bool {
        matches!(self.choice, Choice::Picked { .. }) && self.muted.is_none()
    }
}

/// Chooses. `asked` is what a person has named.
///
/// # Errors
/// When there is no database of the name that is asked for.
pub(super) fn choose(survey: &Survey, asked: Option<&str>) -> Result<Choice, ImportError> {
    let listed = match (&survey.databases, asked) {
        (Ok(listed), _) => listed,
        (Err(why), Some(_)) => return Err(ImportError::DatabasesUnreadable { why: why.clone() }),
        (Err(why), None) => return Ok(none(format!("the databases could not be listed: {why}"), &[])),
    };
    if let Some(asked) = asked {
        let found = listed.iter().find(|database| is(&database.target, asked)).cloned();
        return found.map(|database| Choice::Picked { database, reason: DatabaseReason::Asked }).ok_or_else(
            || {
                let known = listed.iter().map(|database| shown(&database.target)).collect();
                ImportError::NoDatabase { wanted: asked.to_owned(), known }
            },
        );
    }
    Ok(guess(survey, listed))
}

fn guess(survey: &Survey, listed: &[ListedDatabase]) -> Choice {
    // What follows another one is not started, stopped or migrated on its own.
    let leading: Vec<&ListedDatabase> = listed.iter().filter(|database| !database.is_replica).collect();
    let by = |database: &ListedDatabase| survey.mentions.get(&database.target);
    let most = leading.iter().filter_map(|database| Some(by(database)?.len())).max();
    let named: Vec<&ListedDatabase> =
        leading.iter().filter(|it| most.is_some() && by(it).map(BTreeSet::len) == most).copied().collect();
    match (named.as_slice(), leading.as_slice()) {
        ([only], _) => picked(only, DatabaseReason::Named(by(only).cloned().unwrap_or_default())),
        ([], []) => none("there is no database in this account and region".to_owned(), &[]),
        ([], [only]) => picked(only, DatabaseReason::OnlyOne),
        ([], _) => {
            let is_same = |it: &&&ListedDatabase| it.target.identifier() == survey.target.cluster.as_str();
            match leading.iter().filter(is_same).collect::<Vec<_>>().as_slice() {
                [only] => picked(only, DatabaseReason::SameName),
                _ => none("no service has the address of one in its environment".to_owned(), &leading),
            }
        }
        (several, _) => {
            none("services have the addresses of several in their environment".to_owned(), several)
        }
    }
}

fn picked(database: &ListedDatabase, reason: DatabaseReason) -> Choice {
    Choice::Picked { database: database.clone(), reason }
}

fn none(why: String, known: &[&ListedDatabase]) -> Choice {
    Choice::None { why, known: known.iter().map(|database| database.target.clone()).collect() }
}

/// `shop`, `instance:shop` or `cluster:shop`; identifiers have no case.
fn is(target: &DatabaseTarget, asked: &str) -> bool {
    let (kind, wanted) = match asked.split_once(':') {
        Some((kind, wanted)) => (Some(kind), wanted),
        None => (None, asked),
    };
    kind.is_none_or(|kind| kind == key(target)) && target.identifier().eq_ignore_ascii_case(wanted)
}

/// The key in `database:`.
pub(super) fn key(target: &DatabaseTarget) -> &'static str {
    match target {
        DatabaseTarget::Instance(_) => "instance",
        DatabaseTarget::Cluster(_) => "cluster",
    }
}

/// `instance shop`
pub(super) fn shown(target: &DatabaseTarget) -> String {
    format!("{} `{}`", key(target), target.identifier())
}
