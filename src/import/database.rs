//! The database of a cluster: the one whose address its services have, or the only one that is possible.

use std::collections::BTreeSet;

use super::error::ImportError;
use super::names::list;
use super::survey::Survey;
use crate::cloud::{DatabaseStatus, ListedDatabase};
use crate::model::{ServiceName, State};
use crate::spec::DatabaseTarget;

/// The choice of a database.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Choice {
    /// One database was chosen.
    Picked { database: ListedDatabase, reason: DatabaseReason },
    /// No database was chosen; these are the candidates.
    None { why: String, known: Vec<DatabaseTarget> },
}

/// Why a database was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum DatabaseReason {
    /// `--database` names it.
    Asked,
    /// These services have its address in their environment variables, and no service has another one's.
    Named(BTreeSet<ServiceName>),
    /// These services have its address, and fewer services have another one's.
    NamedMost(BTreeSet<ServiceName>),
    /// It has the cluster's name.
    SameName,
    /// It is the only one in the account and region.
    OnlyOne,
}

/// The choice, compared with the state that is declared.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct InState {
    pub(super) choice: Choice,
    /// The reason if declaring it would change it: then it is written as a comment.
    pub(super) muted: Option<String>,
}

impl DatabaseReason {
    /// What a guess rests on. A guess is never declared: a declared database is stopped at night and migrated, and it
    /// may belong to someone else.
    pub(super) fn guess(&self) -> Option<String> {
        match self {
            DatabaseReason::Asked | DatabaseReason::Named(_) => None,
            DatabaseReason::NamedMost(services) => Some(format!(
                "a guess: its address is in the environment variables of {}, and other services have another one's",
                list(services)
            )),
            DatabaseReason::SameName => Some("a guess: it has the cluster's name".to_owned()),
            DatabaseReason::OnlyOne => {
                Some("a guess: it is the only one in this account and region".to_owned())
            }
        }
    }
}

impl Choice {
    /// The status of a database that certainly belongs to the cluster.
    pub(super) fn status(&self) -> Option<&DatabaseStatus> {
        match self {
            Choice::Picked { database, reason } if reason.guess().is_none() => Some(&database.status),
            Choice::Picked { .. } | Choice::None { .. } => None,
        }
    }

    /// Compares it with the state of the environment.
    pub(super) fn in_state(self, state: State) -> InState {
        let guess = match &self {
            Choice::Picked { database, reason } => reason.guess().map(|guess| {
                format!(
                    "{guess}; if it belongs to this environment, declare it with `--database {}`",
                    asked_as(&database.target)
                )
            }),
            Choice::None { .. } => None,
        };
        let muted = guess.or_else(|| match (self.status(), state.database_up()) {
            (Some(DatabaseStatus::Broken(word)), _) => Some(format!("it is `{word}`, which needs a person")),
            (Some(DatabaseStatus::Stopped | DatabaseStatus::Stopping), true) => {
                Some("it is stopped while services run, and tidegate would start it".to_owned())
            }
            _ => None,
        });
        InState { choice: self, muted }
    }
}

impl InState {
    /// Whether it is declared.
    pub(super) fn is_declared(&self) -> bool {
        matches!(self.choice, Choice::Picked { .. }) && self.muted.is_none()
    }
}

/// Chooses. `asked` is the value of `--database`.
///
/// # Errors
/// When there is no database with the name that `--database` gives.
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
    // A replica is not started, stopped or migrated on its own.
    let leading: Vec<&ListedDatabase> = listed.iter().filter(|database| !database.is_replica).collect();
    let by = |database: &ListedDatabase| survey.mentions.get(&database.target);
    let most = leading.iter().filter_map(|database| Some(by(database)?.len())).max();
    let named: Vec<&ListedDatabase> =
        leading.iter().filter(|it| most.is_some() && by(it).map(BTreeSet::len) == most).copied().collect();
    match (named.as_slice(), leading.as_slice()) {
        ([only], _) => {
            let services = by(only).cloned().unwrap_or_default();
            let is_alone = leading.iter().filter(|it| by(it).is_some()).count() == 1;
            let reason = if is_alone { DatabaseReason::Named } else { DatabaseReason::NamedMost };
            picked(only, reason(services))
        }
        ([], []) => none("there is no database in this account and region".to_owned(), &[]),
        ([], [only]) => picked(only, DatabaseReason::OnlyOne),
        ([], _) => {
            let is_same = |it: &&&ListedDatabase| it.target.identifier() == survey.target.cluster.as_str();
            match leading.iter().filter(is_same).collect::<Vec<_>>().as_slice() {
                [only] => picked(only, DatabaseReason::SameName),
                _ => none(
                    "no service has the address of a database in its environment variables".to_owned(),
                    &leading,
                ),
            }
        }
        (several, _) => none(
            "services have the addresses of several databases in their environment variables".to_owned(),
            several,
        ),
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

/// `instance:shop`, as `--database` takes it.
fn asked_as(target: &DatabaseTarget) -> String {
    format!("{}:{}", key(target), target.identifier())
}

/// `instance shop`
pub(super) fn shown(target: &DatabaseTarget) -> String {
    format!("{} `{}`", key(target), target.identifier())
}
