//! A whole release against the simulated cloud, written out by hand: the simulator must let the right order
//! through without a broken promise, and must notice each wrong one.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::join_all;
use secrecy::{ExposeSecret, SecretString};

use super::samples::{PRODUCTION, cloud, database, graasp, listener};
use super::{Promise, Schema, SimClock, SimCloud};
use crate::clock::Clock;
use crate::cloud::{
    Cloud, Condition, Rollback, Rollout, RunTask, ScalableTarget, Suspended, TaskStatus, UpdateService, tag,
};
use crate::model::{ClusterName, ContainerName, FamilyName, ImageRef, ServiceName};
use crate::spec::{EnvironmentSpec, Template};

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
        let rules = self.port.listener(&listener()).await.unwrap().unwrap().rules;
        // umami and admin are kept open.
        for rule in rules.into_iter().filter(|rule| ![5, 8].contains(&rule.priority)) {
            let mut conditions = rule.conditions;
            conditions.retain(|condition| !condition.is_header(header));
            if closed {
                conditions.push(Condition::header(header, self.secret.expose_secret()));
            }
            self.port.set_rule_conditions(&rule.arn, &conditions).await.unwrap();
        }
    }

    fn stopped(&self) -> Vec<ServiceName> {
        let kept = ["umami", "admin"];
        self.spec.services.keys().filter(|name| !kept.contains(&name.as_str())).cloned().collect()
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
        let target = ScalableTarget { min: 0, max: 8, suspended: Suspended::ALL };
        self.port.set_scalable_target(&self.cluster, &"graasp".into(), &target).await.unwrap();
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
        let tags = BTreeMap::from([(tag::SNAPSHOT.to_owned(), "v2.24.0/v2.25.0".to_owned())]);
        self.port.create_snapshot(&database(), "tidegate-1", &tags).await.unwrap();
        while self.port.snapshots(&database()).await.unwrap()[0].status
            != crate::cloud::SnapshotStatus::Available
        {
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
        self.port.tag_database(&database(), tag::SCHEMA, Some("v2.25.0")).await.unwrap();
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

fn release(steps: &[Step]) -> (SimCloud, SimClock) {
    let (clock, cloud) = cloud();
    let spec = graasp();
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
    let (cloud, clock) = release(&RIGHT);
    cloud.with(|world| {
        assert_eq!(world.violations, []);
        assert_eq!(world.schema(PRODUCTION), Some(&Schema::At("v2.25.0".into())));
        assert_eq!(world.effects.len(), 1);
        assert_eq!(world.person(PRODUCTION).healthy("graasp"), 2);
        assert!(world.open_route(PRODUCTION).is_some());
    });
    let minutes = (clock.now() - super::samples::start()).num_minutes();
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
