//! The database: whether it can be seen, used and stopped, and who started it.

mod limits;
mod snapshots;

use chrono::TimeDelta;

use limits::LimitFacts;
pub(in crate::plan) use snapshots::{NAME_PREFIX, ours};

use crate::cloud::{DatabaseStatus, tag};
use crate::model::{Instant, Version};
use crate::observe::{DatabaseSeen, Observed};
use crate::plan::input::PlanningInput;
use crate::plan::report::{Blocked, BlockedReason, blocked, unreadable};

/// RDS starts a stopped database after seven days.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_StopInstance.html>
const AWS_STARTS_AFTER: TimeDelta = TimeDelta::days(7);
/// AWS begins to count at the stop; tidegate observes the stop up to this much later.
const COUNTED_EARLIER_MAX: TimeDelta = TimeDelta::hours(2);

/// The declared database.
#[derive(Debug)]
pub(in crate::plan) struct DatabaseFacts<'a> {
    /// The database, or why tidegate cannot see it.
    pub seen: Result<&'a DatabaseSeen, Blocked>,
    /// Whether a service that uses the database may be started once it is available: not if nothing can be read of
    /// it, and not if only an operator can bring it back. True where none is declared.
    pub can_be_used: bool,
    /// It runs, or it is on its way up.
    pub is_awake: bool,
    /// Its status needs an operator.
    pub broken: Option<Blocked>,
    /// AWS refuses to stop it.
    pub unstoppable: Option<Blocked>,
    /// When tidegate stopped it, if AWS has started it again after seven days.
    pub started_by_aws: Option<Instant>,
    /// The schema version on its tag.
    pub recorded: Option<Version>,
    /// Its snapshots could not be read: a release cannot tell whether the snapshot that it needs exists.
    pub snapshots_unreadable: Option<Blocked>,
    /// What keeps RDS from doing what a release asks of it.
    pub limits: LimitFacts,
}

pub(super) fn database(input: &PlanningInput) -> DatabaseFacts<'_> {
    let seen = seen(input);
    let present = seen.as_ref().ok().map(|seen| &seen.database);
    DatabaseFacts {
        can_be_used: match &input.snapshot.database {
            None => true,
            Some(Observed::Present(seen)) => !matches!(seen.database.status, DatabaseStatus::Broken(_)),
            Some(Observed::Absent | Observed::Unreadable { .. }) => false,
        },
        is_awake: present.is_some_and(|database| {
            !matches!(database.status, DatabaseStatus::Stopped | DatabaseStatus::Stopping)
        }),
        broken: present.and_then(|database| match &database.status {
            DatabaseStatus::Broken(word) => Some(broken(&database.identifier, word)),
            _ => None,
        }),
        unstoppable: present
            .and_then(|database| Some(unstoppable(&database.identifier, database.unstoppable.as_ref()?))),
        started_by_aws: present.and_then(|database| started_by_aws(input, &database.resource_id)),
        recorded: present
            .and_then(|database| database.tags.get(tag::SCHEMA).map(|text| Version::new(text.as_str()))),
        snapshots_unreadable: seen.as_ref().ok().and_then(|seen| {
            let what = format!("the snapshots of database `{}`", seen.database.identifier);
            seen.snapshots_unreadable.as_ref().map(|why| unreadable(&what, why))
        }),
        limits: seen.as_ref().map(|seen| limits::limits(input, seen)).unwrap_or_default(),
        seen,
    }
}

/// What stands in a release's way.
pub(super) fn problems(database: &DatabaseFacts<'_>) -> Vec<Blocked> {
    let unusable = database.seen.as_ref().err().or(database.broken.as_ref());
    let limits = database.snapshots_unreadable.iter().chain(&database.limits.problems);
    unusable.into_iter().chain(limits).cloned().collect()
}

fn seen(input: &PlanningInput) -> Result<&DatabaseSeen, Blocked> {
    let name = input.spec.database.as_ref().map_or("", |database| database.target.identifier());
    match &input.snapshot.database {
        Some(Observed::Present(seen)) => Ok(seen),
        Some(Observed::Unreadable { why }) => Err(unreadable(&format!("database `{name}`"), why)),
        Some(Observed::Absent) | None => {
            let message = format!("database `{name}` does not exist in {}", input.spec.region);
            let hint = "correct `database:`, or create it".to_owned();
            Err(blocked(BlockedReason::Missing, message, [hint]))
        }
    }
}

fn unstoppable(identifier: &str, why: &str) -> Blocked {
    let message = format!("database `{identifier}` cannot be stopped: {why}");
    let hint = "use `state: db-only` for hours without services, or remove what prevents the stop".to_owned();
    blocked(BlockedReason::Database, message, [hint])
}

fn broken(identifier: &str, status: &str) -> Blocked {
    let hints = [
        repair(identifier, status),
        "tidegate continues by itself once the database is available".to_owned(),
    ];
    blocked(BlockedReason::Database, format!("database `{identifier}` is `{status}`"), hints)
}

/// The way out of a status that needs an operator.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html>
fn repair(identifier: &str, status: &str) -> String {
    let what = match status {
        "storage-full" => format!(
            "give it more storage: aws rds modify-db-instance --db-instance-identifier {identifier} --apply-immediately --allocated-storage GIB"
        ),
        "inaccessible-encryption-credentials" => {
            "its KMS key is gone for good, and the database with it: restore a snapshot that another key encrypts".to_owned()
        }
        "inaccessible-encryption-credentials-recoverable" => format!(
            "make its KMS key usable again (aws kms enable-key --key-id KEY, or the key policy), then start the database: aws rds start-db-instance --db-instance-identifier {identifier}"
        ),
        "incompatible-network" => {
            "repair its subnet group and VPC: free addresses in two availability zones, DNS resolution switched on".to_owned()
        }
        "incompatible-parameters" => {
            "correct or reset its parameter group, and reboot it: its engine does not start with these parameters".to_owned()
        }
        "incompatible-option-group" => "correct its option group: RDS could neither apply it nor go back".to_owned(),
        "incompatible-create" | "incompatible-restore" | "restore-error" | "cloning-failed" | "migration-failed" => {
            "it never came into being: delete it, and create or restore it again".to_owned()
        }
        "insufficient-capacity" => {
            "AWS had no capacity for its class: delete it, and create it with another class or availability zone".to_owned()
        }
        "failed" => "restore it: RDS cannot recover it (aws rds restore-db-instance-to-point-in-time)".to_owned(),
        "deleting" | "delete-precheck" => "someone is deleting it".to_owned(),
        "without a writer" => {
            "give the cluster an instance that writes: aws rds failover-db-cluster, or aws rds create-db-instance".to_owned()
        }
        _ => "look at its events in the RDS console".to_owned(),
    };
    format!("{what}; its events: aws rds describe-events --duration 1440")
}

fn started_by_aws(input: &PlanningInput, found: &str) -> Option<Instant> {
    let (resource_id, stopped_at) = input.ledger.database_stopped.as_ref()?;
    let is_old = input.now - *stopped_at >= AWS_STARTS_AFTER - COUNTED_EARLIER_MAX;
    (*resource_id == found && is_old).then_some(*stopped_at)
}
