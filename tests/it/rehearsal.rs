//! A whole release against the simulated cloud, written out by hand: the simulator must let the right order
//! through without a broken promise, and must notice each wrong one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use secrecy::{ExposeSecret, SecretString};

use tidegate::clock::Clock;
use tidegate::cloud::{
    Cloud, Condition, Rollback, Rollout, Rule, RuleAction, RunTask, ScalableTarget, SnapshotStatus,
    Suspended, TaskStatus, UpdateService, tag,
};
use tidegate::model::{ClusterName, ContainerName, FamilyName, ImageRef, Instant, ServiceName, Version};
use tidegate::sim::{Age, Promise, Schema, SimClock, SimCloud, World};
use tidegate::spec::{DatabaseTarget, EnvironmentSpec, ListenerTarget, Template};

use crate::rig::{a_tuesday, from_folder};

const PRODUCTION: &str = "production";

/// A step of a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Close,
    Stop,
    Snapshot,
    Migrate,
    Start,
    Open,
}

const RIGHT: [Step; 6] = [Step::Close, Step::Stop, Step::Snapshot, Step::Migrate, Step::Start, Step::Open];

struct Operator {
    spec: EnvironmentSpec,
    cluster: ClusterName,
    port: Cloud,
    clock: SimClock,
    secret: SecretString,
}

impl Operator {
    async fn take(&self, step: Step) {
        match step {
            Step::Close => self.gate(true).await,
            Step::Open => self.gate(false).await,
            Step::Stop => self.stop().await,
            Step::Snapshot => self.snapshot().await,
            Step::Migrate => self.migrate().await,
            Step::Start => self.start().await,
        }
    }

    async fn wait(&self, seconds: u64) {
        self.clock.sleep(Duration::from_secs(seconds)).await;
    }

    async fn gate(&self, closed: bool) {
        let header = &self.spec.maintenance.as_ref().unwrap().bypass.header;
        let rules = self.port.listener(self.listener()).await.unwrap().unwrap().rules;
        let kept: Vec<ServiceName> = self.kept().iter().cloned().collect();
        let kept = self.port.services(&self.cluster, &kept).await.unwrap();
        let kept: BTreeSet<&String> = kept.values().flat_map(|service| &service.target_groups).collect();
        let leads_to_kept = |rule: &Rule| match &rule.action {
            RuleAction::Forward(groups) => groups.iter().any(|group| kept.contains(group)),
            _ => false,
        };
        for rule in rules.into_iter().filter(|rule| !leads_to_kept(rule)) {
            let mut conditions = rule.conditions;
            conditions.retain(|condition| !condition.is_header(header));
            if closed {
                conditions.push(Condition::header(header, self.secret.expose_secret()));
            }
            self.port.set_rule_conditions(&rule.arn, &conditions).await.unwrap();
        }
    }

    fn listener(&self) -> &ListenerTarget {
        self.spec.maintenance.as_ref().unwrap().load_balancer.as_ref().unwrap()
    }

    fn database(&self) -> &DatabaseTarget {
        &self.spec.database.as_ref().unwrap().target
    }

    /// The version that the database is migrated to.
    fn to(&self) -> &Version {
        &self.spec.versions[&self.spec.migration.as_ref().unwrap().follows]
    }

    fn kept(&self) -> &BTreeSet<ServiceName> {
        &self.spec.maintenance.as_ref().unwrap().keep_open
    }

    fn stopped(&self) -> Vec<ServiceName> {
        self.spec.services.keys().filter(|name| !self.kept().contains(*name)).cloned().collect()
    }

    async fn scale(&self, service: &ServiceName, definition: Option<String>, desired: u32) {
        let update = UpdateService {
            cluster: self.cluster.clone(),
            service: service.clone(),
            definition,
            desired: Some(desired),
            rollback: Some(Rollback::OFF),
        };
        self.port.update_service(&update).await.unwrap();
    }

    async fn stop(&self) {
        for (name, service) in &self.spec.services {
            if let Some(scaling) = &service.autoscaling {
                let target = ScalableTarget { min: 0, max: scaling.max, suspended: Suspended::ALL };
                self.port.set_scalable_target(&self.cluster, name, &target).await.unwrap();
            }
        }
        join_all(self.stopped().iter().map(|service| async move {
            self.scale(service, None, 0).await;
            let alive = || async {
                let tasks = self.port.service_tasks(&self.cluster, service).await.unwrap();
                tasks.iter().any(|task| task.status != TaskStatus::Stopped)
            };
            while alive().await {
                self.wait(5).await;
            }
        }))
        .await;
    }

    async fn snapshot(&self) {
        let tags = BTreeMap::from([(tag::SNAPSHOT.to_owned(), format!("before/{}", self.to()))]);
        self.port.create_snapshot(self.database(), "tidegate-1", &tags).await.unwrap();
        while self.port.snapshots(self.database()).await.unwrap()[0].status != SnapshotStatus::Available {
            self.wait(15).await;
        }
    }

    async fn register(&self, family: &str, images: &BTreeMap<ContainerName, Template>) -> String {
        let newest = self.port.newest_definition(&FamilyName::new(family)).await.unwrap().unwrap();
        let render = |image: &Template| ImageRef::new(image.render(&self.spec.versions).unwrap());
        let images = images.iter().map(|(name, image)| (name.clone(), render(image))).collect();
        self.port.register_definition(&newest.document.with_images(&images)).await.unwrap().arn
    }

    async fn migrate(&self) {
        let images = &self.spec.migration.as_ref().unwrap().images;
        let request = RunTask {
            placement: Default::default(),
            cluster: self.cluster.clone(),
            definition: self.register("migrate", images).await,
            network_of: "graasp".into(),
            client_token: "token".to_owned(),
            started_by: "tidegate-1".to_owned(),
            tags: BTreeMap::new(),
        };
        let task = self.port.run_task(&request).await.unwrap();
        loop {
            let tasks = self.port.family_tasks(&self.cluster, &"migrate".into()).await.unwrap();
            let found = tasks.iter().find(|found| found.arn == task.arn).unwrap();
            if found.status == TaskStatus::Stopped {
                assert_eq!(found.containers[0].exit_code, Some(0));
                break;
            }
            self.wait(5).await;
        }
        self.port.tag_database(self.database(), tag::SCHEMA, Some(self.to().as_str())).await.unwrap();
    }

    async fn start(&self) {
        for layer in self.spec.layers() {
            join_all(layer.iter().filter(|name| self.stopped().contains(name)).map(|name| async move {
                let declared = &self.spec.services[name];
                let definition = match declared.images.is_empty() {
                    true => None,
                    false => Some(self.register(name.as_str(), &declared.images).await),
                };
                self.scale(name, definition, declared.count).await;
                let settled = || async {
                    let found = self.port.services(&self.cluster, std::slice::from_ref(name)).await.unwrap();
                    let primary = &found[name].deployments[0];
                    let tasks = self.port.service_tasks(&self.cluster, name).await.unwrap();
                    let healthy = tasks.iter().filter(|task| task.healthy).count();
                    primary.rollout == Rollout::Completed && healthy == declared.count as usize
                };
                while !settled().await {
                    self.wait(5).await;
                }
            }))
            .await;
        }
    }
}

/// Graasp's production, one release behind.
fn production() -> EnvironmentSpec {
    from_folder(".", PRODUCTION, start())
}

fn start() -> Instant {
    a_tuesday()
}

fn release(steps: &[Step]) -> (SimCloud, SimClock) {
    let spec = production();
    let world = World::from_spec(std::slice::from_ref(&spec), &Age::OneBehind, 1, start());
    let clock = SimClock::new(start());
    let cloud = SimCloud::new(world, Arc::new(clock.clone()));
    let port = cloud.cloud(&spec);
    clock.block_on(async {
        let source = &spec.maintenance.as_ref().unwrap().bypass.value_from;
        let secret = port.secret(source).await.unwrap();
        let cluster = spec.cluster.clone();
        let operator = Operator { spec: spec.clone(), cluster, port, clock: clock.clone(), secret };
        for step in steps {
            operator.take(*step).await;
        }
        operator.wait(120).await;
    });
    (cloud, clock)
}

#[test]
fn the_right_order_keeps_every_promise() {
    let to = production().versions["core"].clone();
    let (cloud, clock) = release(&RIGHT);
    cloud.with(|world| {
        assert_eq!(world.violations, []);
        assert_eq!(world.schema(PRODUCTION), Some(&Schema::At(to)));
        assert_eq!(world.effects.len(), 1);
        assert_eq!(world.person(PRODUCTION).healthy("graasp"), 2);
        assert!(world.open_route(PRODUCTION).is_some());
    });
    let minutes = (clock.now() - start()).num_minutes();
    assert!((4..30).contains(&minutes), "{minutes} minutes");
}

#[test]
fn each_wrong_order_breaks_its_promise() {
    use Step::*;
    for (steps, promise) in [
        (vec![Close, Migrate], Promise::NoCodeDuringMigration),
        (vec![Stop, Migrate], Promise::ClosedDuringMigration),
        (vec![Close, Start], Promise::CodeFitsSchema),
        (vec![Start], Promise::NeverOpenOnAForeignSchema),
    ] {
        let (cloud, _) = release(&steps);
        let broken: BTreeSet<Promise> =
            cloud.with(|world| world.violations.iter().map(|violation| violation.promise).collect());
        assert!(broken.contains(&promise), "{steps:?}: {broken:?}");
    }
}
