//! Changes that people and Terraform make outside tidegate. Each change is marked with its author, so that a broken
//! promise is attributed to the right one.
//!
//! Every method panics when the resource does not exist: that is a mistake in the test.

use std::collections::BTreeMap;

use serde_json::Value;

use super::ecs::SimService;
use super::migration::CONSOLE;
use super::run_task::one_off;
use super::{Actor, Event, RegionId, World, service_key};
use crate::cloud::{
    BlueGreen, Condition, DatabaseStatus, Document, Rollout, ScalableTarget, TaskStatus, UpdateService, tag,
};
use crate::model::{ContainerName, EnvironmentName, ImageRef, Instant, ServiceName};
use crate::spec::DatabaseTarget;

/// A person with access to one environment's account.
pub struct Person<'a> {
    world: &'a mut World,
    environment: EnvironmentName,
    region: RegionId,
}

impl World {
    /// Acts as a person in an environment that was built from a declaration.
    pub fn person(&mut self, environment: &str) -> Person<'_> {
        let region = self.watches.get(environment).expect("the environment was declared").region;
        Person { world: self, environment: EnvironmentName::new(environment), region }
    }
}

impl Person<'_> {
    pub(super) fn world_and_region(&mut self) -> (&mut World, RegionId) {
        (self.world, self.region)
    }

    /// Sets a service's count in the console.
    pub fn scale(&mut self, service: &str, desired: u32) {
        self.update(service, None, Some(desired));
    }

    /// Deploys another image in one container: a new revision, and the service moves to it.
    pub fn deploy(&mut self, service: &str, container: &str, image: &str) {
        let images = BTreeMap::from([(ContainerName::new(container), ImageRef::new(image))]);
        let document = self.document(service).with_images(&images);
        let arn = self.world.register(self.region, &document).expect("a revision like the last one").arn;
        self.update(service, Some(arn), None);
    }

    /// Forces a new deployment of the same definition.
    pub fn redeploy(&mut self, service: &str) {
        let key = self.key(service);
        let definition = self.service(service).primary().definition.clone();
        self.world.begin_deployment(self.region, &key, definition);
        self.world.schedule_service(self.region, &key);
    }

    /// Registers a revision with one field changed and does not deploy it, as Terraform does.
    pub fn revise(&mut self, family: &str, field: &str, value: Value) {
        let newest = self.world.regions[self.region].definitions[family].last().expect("never empty");
        let mut text = newest.document.expose().clone();
        text[field] = value;
        self.world.register(self.region, &Document::new(text)).expect("a revision like the last one");
    }

    /// Runs a task of a family of its own with one image, as a schedule of EventBridge does. It runs until it is stopped.
    pub fn run_task(&mut self, family: &str, image: &str) {
        let text = serde_json::json!({
            "family": family, "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"],
            "cpu": "256", "memory": "512", "containerDefinitions": [{"name": family, "image": image}],
        });
        let definition = self.world.register(self.region, &Document::new(text)).expect("a whole definition");
        let image = ImageRef::new(image);
        if self.world.pull(&image).is_err() {
            let order = self.world.ticket();
            self.world.registry.push(&image, order);
        }
        let cluster = self.world.watches[&self.environment].cluster.clone();
        let task = one_off(&cluster, &definition.arn, CONSOLE);
        let now = self.world.now;
        self.world.settled_task(self.region, task, now);
    }

    /// Stops one running task of a service, as on Spot.
    /// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-capacity-providers.html>
    pub fn interrupt(&mut self, service: &str) {
        let key = self.key(service);
        let tasks = &self.world.regions[self.region].tasks;
        let found = tasks.iter().find(|(_, task)| task.service.as_ref() == Some(&key) && !task.stopping);
        let Some((id, _)) = found else { return };
        let (id, reason) = (*id, "Your Spot Task was interrupted.");
        self.world.stop_task(self.region, id, "SpotInterruption", reason);
    }

    /// AWS has no capacity for tasks of a service until then.
    pub fn hold_back(&mut self, service: &str, until: Instant) {
        let key = self.key(service);
        self.world.regions[self.region].services.get_mut(&key).expect("the service exists").not_before =
            Some(until);
        let delay = until - self.world.now;
        self.world.later(delay, Event::Schedule { region: self.region, service: key });
    }

    /// Runs the newest revision of the migration family by hand.
    pub fn run_migration(&mut self) {
        let watch = &self.world.watches[&self.environment];
        let family = watch.migration.as_ref().expect("the environment has a migration").family.clone();
        let cluster = watch.cluster.clone();
        let newest = self.world.regions[self.region].definitions[family.as_str()].last();
        let definition = newest.expect("never empty").arn.clone();
        let task = one_off(&cluster, &definition, CONSOLE);
        self.world.start_task(self.region, task);
    }

    /// Stops every one-off task.
    pub fn stop_one_offs(&mut self) {
        let tasks = &self.world.regions[self.region].tasks;
        let mine = tasks.iter().filter(|(_, task)| task.service.is_none());
        let ids: Vec<u64> = mine.map(|(id, _)| *id).collect();
        for id in ids {
            self.world.stop_task(self.region, id, "UserInitiated", "stopped in the console");
        }
    }

    /// Removes the header condition from every rule.
    pub fn open_gate(&mut self) {
        self.change_rules(|conditions| conditions.retain(|condition| condition.header.is_none()));
    }

    /// Replaces the conditions of one rule.
    pub fn set_rule(&mut self, priority: u32, conditions: &[Condition]) {
        self.change_rules_of(Some(priority), |now| now.splice(.., conditions.to_vec()).for_each(drop));
    }

    /// Changes a scalable target.
    pub fn set_target(&mut self, service: &str, target: ScalableTarget) {
        let cluster = self.service(service).cluster.clone();
        let service = ServiceName::new(service);
        let set = self.world.set_scalable_target(self.region, &cluster, &service, target, Actor::Person);
        set.expect("a target with min <= max");
    }

    /// Starts the database.
    pub fn start_database(&mut self) {
        let target = self.database();
        self.world.start_database(self.region, &target, Actor::Person).expect("it is stopped");
    }

    /// Stops the database.
    pub fn stop_database(&mut self) {
        let target = self.database();
        self.world.stop_database(self.region, &target, Actor::Person).expect("it is available");
    }

    /// Changes the database's size: it is `modifying` for a while.
    pub fn modify_database(&mut self) {
        let identifier = self.database().identifier().to_owned();
        let modifying = DatabaseStatus::Busy("modifying".to_owned());
        self.world.send(self.region, &identifier, modifying, DatabaseStatus::Available, 120..=400);
    }

    /// The database becomes one that AWS cannot stop.
    pub fn add_replica(&mut self) {
        let target = self.database();
        let database = self.world.database_mut(self.region, &target).expect("declared");
        database.shown.unstoppable = Some("the instance has read replicas".to_owned());
    }

    /// Deregisters every revision of a family.
    pub fn deregister(&mut self, family: &str) {
        let region = &mut self.world.regions[self.region];
        let revisions = region.definitions.get(family).into_iter().flatten();
        region.deregistered.extend(revisions.map(|revision| revision.arn.clone()));
    }

    /// Writes a function's code by hand; `None` leaves a stage as it is.
    pub fn write_function(
        &mut self,
        name: &str,
        live: Option<&str>,
        development: Option<&str>,
        comment: &str,
    ) {
        let function = self.world.regions[self.region].functions.get_mut(name).expect("declared");
        if let Some(code) = development {
            function.development = code.to_owned();
        }
        if let Some(code) = live {
            function.live = Some(code.to_owned());
        }
        (function.comment, function.etag) = (comment.to_owned(), format!("{}X", function.etag));
    }

    /// Uses up the account's quota of manual snapshots: none of the kind can be taken any longer.
    pub fn fill_snapshot_quota(&mut self) {
        let target = self.database();
        let used = self.world.snapshot_quota(self.region, &target).used;
        self.world.regions[self.region].snapshots_max = Some(used);
    }

    /// Makes the database the blue environment of a blue/green deployment in this status.
    pub fn begin_blue_green(&mut self, status: &str) {
        let target = self.database();
        let deployment =
            BlueGreen { identifier: "bgd-1a2b3c4d5e6f7g8h".to_owned(), status: status.to_owned() };
        self.world.database_mut(self.region, &target).expect("declared").blue_green = Some(deployment);
    }

    /// Sets or removes a tag of the database.
    pub fn tag_database(&mut self, key: &str, value: Option<&str>) {
        let target = self.database();
        self.world.tag_database(self.region, &target, key, value).expect("an allowed tag");
    }

    /// Takes a snapshot by hand.
    pub fn take_snapshot(&mut self, identifier: &str) {
        let target = self.database();
        let tags = BTreeMap::new();
        let taken = self.world.create_snapshot(self.region, &target, identifier, &tags, Actor::Person);
        taken.expect("the database is available");
    }

    /// Restores a snapshot in place of the database: another resource id, the snapshot's tags, its schema.
    /// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_RestoreFromSnapshot.html>
    pub fn restore_snapshot(&mut self, identifier: &str) {
        let target = self.database();
        let resource_id = format!("db-{:026X}", self.world.ticket());
        let database = self.world.database_mut(self.region, &target).expect("declared");
        let snapshot = &database.snapshots[identifier];
        database.schema.clone_from(&snapshot.schema);
        database.shown.tags.clone_from(&snapshot.shown.tags);
        (database.shown.resource_id, database.by) = (resource_id, Actor::Person);
        for effect in self.world.effects.iter_mut().filter(|effect| effect.environment == self.environment) {
            effect.undone = true;
        }
        if self.world.requests.is_some() {
            let environment = self.environment.clone();
            self.world.is_asked(&environment);
        }
    }

    /// Terraform applies: counts as given, every tag that it does not know is gone, rules without the header.
    pub fn terraform_applies(&mut self, counts: &[(&str, u32)]) {
        for (service, desired) in counts {
            self.scale(service, *desired);
        }
        let target = self.database();
        let database = self.world.database_mut(self.region, &target).expect("declared");
        database.shown.tags.retain(|key, _| !key.starts_with("tidegate:"));
        for tags in self.world.regions[self.region].clusters.values_mut() {
            tags.remove(tag::OWNER);
        }
        self.open_gate();
    }

    /// Uploads a file that belongs to no release.
    pub fn put_file(&mut self, bucket: &str, key: &str) {
        self.world.buckets.get_mut(bucket).expect("the bucket exists").put_foreign(key);
    }

    /// Gives a parameter or secret another value.
    pub fn rotate_secret(&mut self, name: &str, value: &str) {
        self.world.regions[self.region].secrets.insert(name.to_owned(), value.to_owned());
    }

    /// An alarm on a service fires: with alarm rollbacks the running deployment goes back.
    /// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html>
    pub fn alarm(&mut self, service: &str) {
        let key = self.key(service);
        let found = self.world.regions[self.region].services.get_mut(&key).expect("declared");
        if !found.rollback.alarms || found.primary().rollout != Rollout::InProgress {
            return;
        }
        found.deployments[0].rollout = Rollout::Failed;
        let (failed, goal) = (found.primary().id.clone(), found.completed.clone());
        let Some(goal) = goal else { return };
        self.world.roll_back(self.region, &key, goal, &failed);
        self.world.schedule_service(self.region, &key);
    }

    /// Tasks of a service that are RUNNING and healthy.
    pub fn healthy(&self, service: &str) -> usize {
        let key = self.key(service);
        let tasks = self.world.regions[self.region].tasks.values();
        let mine = tasks.filter(|task| task.service.as_ref() == Some(&key));
        mine.filter(|task| task.shown.status == TaskStatus::Running && task.shown.healthy).count()
    }

    fn update(&mut self, service: &str, definition: Option<String>, desired: Option<u32>) {
        let update = UpdateService {
            cluster: self.service(service).cluster.clone(),
            service: ServiceName::new(service),
            definition,
            desired,
            rollback: None,
        };
        // What ECS refuses, a person reads in the console: a service that is deleted, an Express service.
        drop(self.world.update_service(self.region, &update, Actor::Person));
    }

    fn change_rules(&mut self, change: impl Fn(&mut Vec<Condition>)) {
        self.change_rules_of(None, change);
    }

    fn change_rules_of(&mut self, priority: Option<u32>, change: impl Fn(&mut Vec<Condition>)) {
        let now = self.world.now;
        for rule in self.world.regions[self.region].listeners.iter_mut().flat_map(|found| &mut found.rules) {
            let before = rule.conditions.clone();
            if priority.is_none_or(|priority| priority == rule.priority) {
                change(&mut rule.conditions);
            }
            if rule.conditions != before {
                (rule.by, rule.changed_at) = (Actor::Person, now);
            }
        }
    }

    pub(super) fn key(&self, service: &str) -> String {
        service_key(self.world.watches[&self.environment].cluster.as_str(), service)
    }

    fn service(&self, service: &str) -> &SimService {
        self.world.regions[self.region].services.get(&self.key(service)).expect("the service exists")
    }

    fn document(&self, service: &str) -> Document {
        let definition = &self.service(service).primary().definition;
        self.world.definition(self.region, definition).expect("never deleted").document.clone()
    }

    fn database(&self) -> DatabaseTarget {
        let watch = &self.world.watches[&self.environment];
        let name = watch.database.clone().expect("the environment has a database");
        let is_cluster = self.world.regions[self.region].databases[&name].cluster;
        if is_cluster { DatabaseTarget::Cluster(name) } else { DatabaseTarget::Instance(name) }
    }
}

#[cfg(test)]
mod tests;
