//! RDS instances and Aurora clusters: states, snapshots, tags, and the restart after seven days.
//! <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html>

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::super::checker::Promise;
use super::tags::{check_identifier, check_tag, set_tag};
use super::{Actor, Event, Refusal, RegionId, Schema, World, refuse};
use crate::cloud::{
    BlueGreen, Database, DatabaseStatus, DbSnapshot, Kind, ListedDatabase, Quota, SnapshotStatus,
};
use crate::spec::DatabaseTarget;

/// AWS starts a stopped database after seven days.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_StopInstance.html>
const STOPPED_AT_MOST: TimeDelta = TimeDelta::days(7);

/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html>
const SNAPSHOTS_MAX: u64 = 100;

/// A database in the world.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SimDatabase {
    /// The answer of the API.
    pub shown: Database,
    /// An Aurora cluster, not an instance.
    pub cluster: bool,
    /// `CopyTagsToSnapshot`
    pub copy_tags: bool,
    /// By identifier.
    pub snapshots: BTreeMap<String, SimSnapshot>,
    /// The real schema.
    pub schema: Schema,
    /// The author of the last start or stop.
    pub by: Actor,
    /// The blue/green deployment that it is the blue environment of.
    #[serde(default)]
    pub blue_green: Option<BlueGreen>,
    /// The state that it is changing to.
    pub(super) goal: DatabaseStatus,
    pub(super) epoch: u32,
}

/// A snapshot in the world.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SimSnapshot {
    /// The answer of the API.
    pub shown: DbSnapshot,
    /// The author of the snapshot.
    pub by: Actor,
    /// The schema that it holds.
    pub schema: Schema,
}

impl SimDatabase {
    pub(in crate::sim) fn available(identifier: &str, cluster: bool, resource_id: String) -> Self {
        Self {
            shown: Database {
                identifier: identifier.to_owned(),
                resource_id,
                status: DatabaseStatus::Available,
                tags: BTreeMap::from([("managed-by".to_owned(), "terraform".to_owned())]),
                unstoppable: None,
                replica_of: None,
                automatic_restart_at: None,
            },
            cluster,
            copy_tags: true,
            snapshots: BTreeMap::new(),
            schema: Schema::Unversioned,
            by: Actor::Aws,
            blue_green: None,
            goal: DatabaseStatus::Available,
            epoch: 0,
        }
    }
}

/// The host name under which a database answers.
pub(in crate::sim) fn address(target: &DatabaseTarget, region: &str) -> String {
    let (identifier, kind) = match target {
        DatabaseTarget::Instance(identifier) => (identifier, ""),
        DatabaseTarget::Cluster(identifier) => (identifier, "cluster-"),
    };
    format!("{identifier}.{kind}c0ffee000000.{region}.rds.amazonaws.com")
}

impl World {
    pub(in crate::sim) fn listed_databases(&self, region: RegionId) -> Vec<ListedDatabase> {
        let region = &self.regions[region];
        let listed = region.databases.values().map(|found| {
            let identifier = found.shown.identifier.clone();
            let target = match found.cluster {
                true => DatabaseTarget::Cluster(identifier),
                false => DatabaseTarget::Instance(identifier),
            };
            ListedDatabase {
                addresses: vec![address(&target, &region.name)],
                target,
                status: found.shown.status.clone(),
                is_replica: false,
                unstoppable: found.shown.unstoppable.clone(),
            }
        });
        listed.collect()
    }

    pub(in crate::sim) fn find_database(
        &self,
        region: RegionId,
        target: &DatabaseTarget,
    ) -> Option<&SimDatabase> {
        let is_cluster = matches!(target, DatabaseTarget::Cluster(_));
        self.regions[region].databases.get(target.identifier()).filter(|found| found.cluster == is_cluster)
    }

    pub(in crate::sim) fn database_mut(
        &mut self,
        region: RegionId,
        target: &DatabaseTarget,
    ) -> Result<&mut SimDatabase, Refusal> {
        let is_cluster = matches!(target, DatabaseTarget::Cluster(_));
        let found = self.regions[region].databases.get_mut(target.identifier());
        found.filter(|database| database.cluster == is_cluster).map_or_else(
            || {
                let code = if is_cluster { "DBClusterNotFoundFault" } else { "DBInstanceNotFound" };
                refuse(Kind::NotFound, format!("{code}: no database {}", target.identifier()))
            },
            Ok,
        )
    }

    /// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_StartDBInstance.html>
    pub(in crate::sim) fn start_database(
        &mut self,
        region: RegionId,
        target: &DatabaseTarget,
        by: Actor,
    ) -> Result<(), Refusal> {
        let database = self.database_mut(region, target)?;
        if database.shown.status != DatabaseStatus::Stopped {
            return invalid_state(database, "stopped");
        }
        database.by = by;
        self.send(
            region,
            target.identifier(),
            DatabaseStatus::Starting,
            DatabaseStatus::Available,
            120..=480,
        );
        Ok(())
    }

    /// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_StopDBInstance.html>
    pub(in crate::sim) fn stop_database(
        &mut self,
        region: RegionId,
        target: &DatabaseTarget,
        by: Actor,
    ) -> Result<(), Refusal> {
        let database = self.database_mut(region, target)?;
        if let Some(why) = &database.shown.unstoppable {
            return refuse(Kind::InvalidState, format!("{}: {why}", state_code(database)));
        }
        if let Some(deployment) = database.blue_green.as_ref().filter(|deployment| !deployment.is_over()) {
            let message = format!("{}: it is in {}", state_code(database), deployment.identifier);
            return refuse(Kind::InvalidState, message);
        }
        if database.shown.status != DatabaseStatus::Available {
            return invalid_state(database, "available");
        }
        database.by = by;
        self.send(region, target.identifier(), DatabaseStatus::Stopping, DatabaseStatus::Stopped, 60..=300);
        Ok(())
    }

    /// Sets a database on its way.
    pub(super) fn send(
        &mut self,
        region: RegionId,
        identifier: &str,
        through: DatabaseStatus,
        goal: DatabaseStatus,
        seconds: std::ops::RangeInclusive<u64>,
    ) {
        let delay = self.dice.seconds(seconds);
        let database = self.regions[region].databases.get_mut(identifier).expect("the caller looked it up");
        (database.shown.status, database.goal) = (through, goal);
        database.shown.automatic_restart_at = None;
        database.epoch += 1;
        let (identifier, epoch) = (identifier.to_owned(), database.epoch);
        self.later(delay, Event::Database { region, identifier, epoch });
    }

    pub(super) fn database_arrives(&mut self, region: RegionId, identifier: &str, epoch: u32) {
        let now = self.now;
        let Some(database) =
            self.regions[region].databases.get_mut(identifier).filter(|database| database.epoch == epoch)
        else {
            return;
        };
        database.shown.status = database.goal.clone();
        if database.shown.status == DatabaseStatus::Stopped {
            database.shown.automatic_restart_at = Some(now + STOPPED_AT_MOST);
            let identifier = identifier.to_owned();
            self.later(STOPPED_AT_MOST, Event::Restart { region, identifier, epoch });
        }
    }

    pub(super) fn database_restarts(&mut self, region: RegionId, identifier: &str, epoch: u32) {
        let Some(database) =
            self.regions[region].databases.get_mut(identifier).filter(|database| database.epoch == epoch)
        else {
            return;
        };
        database.by = Actor::Aws;
        self.send(region, identifier, DatabaseStatus::Starting, DatabaseStatus::Available, 120..=480);
    }

    /// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_AddTagsToResource.html>
    pub(in crate::sim) fn tag_database(
        &mut self,
        region: RegionId,
        target: &DatabaseTarget,
        key: &str,
        value: Option<&str>,
    ) -> Result<(), Refusal> {
        check_tag(key, value.unwrap_or_default())?;
        set_tag(&mut self.database_mut(region, target)?.shown.tags, key, value);
        Ok(())
    }

    /// The account's manual snapshots of this kind, and how many it may have.
    pub(in crate::sim) fn snapshot_quota(&self, region: RegionId, target: &DatabaseTarget) -> Quota {
        let is_cluster = matches!(target, DatabaseTarget::Cluster(_));
        let region = &self.regions[region];
        let of_kind = region.databases.values().filter(|database| database.cluster == is_cluster);
        Quota {
            used: of_kind.map(|it| it.snapshots.len() as u64).sum(),
            max: region.snapshots_max.unwrap_or(SNAPSHOTS_MAX),
        }
    }

    /// Starts a snapshot; the database is `backing-up` until its end.
    /// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBSnapshot.html>
    pub(in crate::sim) fn create_snapshot(
        &mut self,
        region: RegionId,
        target: &DatabaseTarget,
        identifier: &str,
        tags: &BTreeMap<String, String>,
        by: Actor,
    ) -> Result<(), Refusal> {
        for (key, value) in tags {
            check_tag(key, value)?;
        }
        check_identifier(identifier)?;
        // Identifiers of snapshots are unique in a region, across databases.
        let taken = self.regions[region].databases.values().any(|db| db.snapshots.contains_key(identifier));
        if taken {
            return refuse(Kind::Conflict, format!("DBSnapshotAlreadyExists: {identifier} exists already"));
        }
        let now = self.now;
        let quota = self.snapshot_quota(region, target);
        let database = self.database_mut(region, target)?;
        if quota.used >= quota.max {
            let message =
                "SnapshotQuotaExceeded: Cannot create more than the allowed number of manual snapshots";
            return refuse(Kind::Invalid, message);
        }
        if database.shown.status != DatabaseStatus::Available {
            return invalid_state(database, "available");
        }
        let mut all_tags = if database.copy_tags { database.shown.tags.clone() } else { BTreeMap::new() };
        all_tags.extend(tags.clone());
        let shown = DbSnapshot {
            identifier: identifier.to_owned(),
            status: SnapshotStatus::Creating,
            created_at: now,
            manual: true,
            tags: all_tags,
        };
        let schema = database.schema.clone();
        database.snapshots.insert(identifier.to_owned(), SimSnapshot { shown, by, schema });
        let backing_up = DatabaseStatus::Busy("backing-up".to_owned());
        self.send(region, target.identifier(), backing_up, DatabaseStatus::Available, 20..=60);
        let delay = self.dice.seconds(60..=240);
        let (database, snapshot) = (target.identifier().to_owned(), identifier.to_owned());
        self.later(delay, Event::Snapshot { region, identifier: database, snapshot });
        Ok(())
    }

    pub(super) fn snapshot_completes(&mut self, region: RegionId, identifier: &str, snapshot: &str) {
        let database = self.regions[region].databases.get_mut(identifier);
        if let Some(snapshot) = database.and_then(|database| database.snapshots.get_mut(snapshot)) {
            snapshot.shown.status = SnapshotStatus::Available;
        }
    }

    /// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DeleteDBSnapshot.html>
    pub(in crate::sim) fn delete_snapshot(
        &mut self,
        region: RegionId,
        target: &DatabaseTarget,
        identifier: &str,
        by: Actor,
    ) -> Result<(), Refusal> {
        let database = self.database_mut(region, target)?;
        let Some(snapshot) = database.snapshots.get(identifier) else {
            return refuse(Kind::NotFound, format!("DBSnapshotNotFound: no snapshot {identifier}"));
        };
        if !snapshot.shown.manual || snapshot.shown.status != SnapshotStatus::Available {
            return refuse(Kind::InvalidState, "InvalidDBSnapshotState: only available manual snapshots");
        }
        let gone = database.snapshots.remove(identifier).expect("looked up above");
        if by == Actor::Tidegate && gone.by != Actor::Tidegate {
            let detail = format!("{}: {identifier}, taken by {:?}", target.identifier(), gone.by);
            self.broke(Promise::ForeignSnapshotsStay, by, detail);
        }
        Ok(())
    }
}

fn invalid_state<T>(database: &SimDatabase, wanted: &str) -> Result<T, Refusal> {
    let Database { identifier, status, .. } = &database.shown;
    let code = state_code(database);
    refuse(Kind::InvalidState, format!("{code}: {identifier} is {status}, not {wanted}"))
}

fn state_code(database: &SimDatabase) -> &'static str {
    if database.cluster { "InvalidDBClusterStateFault" } else { "InvalidDBInstanceState" }
}

#[cfg(test)]
mod tests;
