//! What keeps RDS from doing what a release asks of it: asked while the gate is still open.

use super::snapshots;
use crate::cloud::{BlueGreen, DatabaseStatus, Quota, tag};
use crate::observe::{DatabaseLimits, DatabaseSeen};
use crate::plan::input::PlanningInput;
use crate::plan::report::{Blocked, BlockedReason, blocked};
use crate::spec::{DatabaseTarget, EnvironmentSpec};

/// AWS allows 50 tags a resource.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Tagging.html>
const TAGS_MAX: usize = 50;
/// tidegate's own: the schema version, and the mark of a migration that runs.
const OWN_TAGS: [&str; 2] = [tag::SCHEMA, tag::MIGRATING];
/// Snapshots that a message names, at most.
const NAMED_MAX: usize = 3;

/// The limits of one database.
#[derive(Debug, Default)]
pub(in crate::plan) struct LimitFacts {
    /// Why a release cannot begin.
    pub problems: Vec<Blocked>,
    /// What could not be read; no reason to refuse a release.
    pub unverified: Vec<String>,
    /// What AWS is doing with the database now, if that ends by itself.
    pub passing: Option<String>,
}

pub(super) fn limits(input: &PlanningInput, seen: &DatabaseSeen) -> LimitFacts {
    let mut facts = LimitFacts::default();
    let name = &seen.database.identifier;
    facts.problems.extend(seen.database.replica_of.as_ref().map(|source| replica(name, source)));
    facts.problems.extend(too_many_tags(seen));
    if let DatabaseStatus::Busy(word) = &seen.database.status {
        facts.passing = Some(format!("database `{name}` is {word}"));
    }
    let Some(DatabaseLimits { quota, blue_green }) = &seen.limits else { return facts };
    match quota {
        Ok(Some(quota)) => facts.problems.extend(full(&input.spec, seen, *quota)),
        Ok(None) => {}
        Err(why) => facts.unverified.push(format!("the quota of manual snapshots: {why}")),
    }
    match blue_green {
        Ok(Some(deployment)) if deployment.passes() => {
            let BlueGreen { identifier, status } = deployment;
            facts.passing =
                Some(format!("blue/green deployment `{identifier}` of database `{name}` is {status}"));
        }
        Ok(Some(deployment)) => facts.problems.push(in_blue_green(&input.spec, name, deployment)),
        Ok(None) => {}
        Err(why) => facts.unverified.push(format!("blue/green deployments of database `{name}`: {why}")),
    }
    facts
}

fn replica(name: &str, source: &str) -> Blocked {
    let message =
        format!("database `{name}` is a read replica of `{source}`: it accepts no writes, and no migration");
    let hint = format!(
        "declare the database that accepts writes, or promote this one: aws rds promote-read-replica --db-instance-identifier {name}"
    );
    blocked(BlockedReason::Database, message, [hint])
}

/// A tag that does not fit would be refused behind the closed gate.
fn too_many_tags(seen: &DatabaseSeen) -> Option<Blocked> {
    let others =
        seen.database.tags.keys().filter(|key| !key.starts_with("aws:") && !OWN_TAGS.contains(&key.as_str()));
    let count = others.count();
    (count + OWN_TAGS.len() > TAGS_MAX).then(|| {
        let message = format!(
            "database `{}` has {count} tags; AWS allows {TAGS_MAX}, and tidegate needs room for `{}` and `{}`",
            seen.database.identifier,
            tag::SCHEMA,
            tag::MIGRATING
        );
        blocked(BlockedReason::Database, message, ["remove tags of the database that are not needed".to_owned()])
    })
}

/// The quota has no room for the snapshot before the migration.
fn full(spec: &EnvironmentSpec, seen: &DatabaseSeen, quota: Quota) -> Option<Blocked> {
    let takes = spec.migration.as_ref().is_some_and(|migration| migration.snapshot.take);
    if !takes || quota.used < quota.max {
        return None;
    }
    let is_cluster = spec.database.as_ref().is_some_and(|it| matches!(it.target, DatabaseTarget::Cluster(_)));
    let words = if is_cluster { CLUSTER } else { INSTANCE };
    let Words { noun, delete, describe, list, identifier, code } = words;
    let (region, Quota { used, max }) = (&spec.region, quota);
    let message = format!(
        "the account has {used} of {max} manual {noun} snapshots in {region}: RDS would refuse the snapshot before the migration, behind the closed gate"
    );
    let mut hints: Vec<String> = snapshots::removable(seen)
        .take(NAMED_MAX)
        .map(|snapshot| {
            format!(
                "delete an old snapshot of tidegate: aws rds {delete} {} --region {region}",
                snapshot.identifier
            )
        })
        .collect();
    hints.push(format!(
        "list the account's manual snapshots, oldest first: aws rds {describe} --snapshot-type manual --region {region} --query 'sort_by({list},&SnapshotCreateTime)[].{identifier}'"
    ));
    let wanted = max + QUOTA_STEP;
    hints.push(format!(
        "raise the quota: aws service-quotas request-service-quota-increase --service-code rds --quota-code {code} --desired-value {wanted} --region {region}"
    ));
    Some(blocked(BlockedReason::Database, message, hints))
}

/// How much more a raised quota has in the hint.
const QUOTA_STEP: u64 = 50;

/// The words of AWS for the snapshots of one kind.
#[derive(Clone, Copy)]
struct Words {
    noun: &'static str,
    delete: &'static str,
    describe: &'static str,
    list: &'static str,
    identifier: &'static str,
    /// The quota in Service Quotas.
    code: &'static str,
}

const INSTANCE: Words = Words {
    noun: "DB instance",
    delete: "delete-db-snapshot --db-snapshot-identifier",
    describe: "describe-db-snapshots",
    list: "DBSnapshots",
    identifier: "DBSnapshotIdentifier",
    code: "L-272F1212",
};
const CLUSTER: Words = Words {
    noun: "DB cluster",
    delete: "delete-db-cluster-snapshot --db-cluster-snapshot-identifier",
    describe: "describe-db-cluster-snapshots",
    list: "DBClusterSnapshots",
    identifier: "DBClusterSnapshotIdentifier",
    code: "L-9B510759",
};

/// A migration changes the schema of the blue environment only, and the green one would follow or not, depending on its
/// kind of replication; AWS refuses to stop a database with a green environment.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/blue-green-deployments-considerations.html>
fn in_blue_green(spec: &EnvironmentSpec, name: &str, deployment: &BlueGreen) -> Blocked {
    let BlueGreen { identifier, status } = deployment;
    let message = format!(
        "database `{name}` is in the blue/green deployment `{identifier}` ({status}): a migration would change the schema of one of its two environments"
    );
    let command = |verb: &str| {
        format!("aws rds {verb} --blue-green-deployment-identifier {identifier} --region {}", spec.region)
    };
    let hints = [
        format!("switch over first: {}", command("switchover-blue-green-deployment")),
        format!("or delete the deployment: {}", command("delete-blue-green-deployment")),
    ];
    blocked(BlockedReason::Database, message, hints)
}
