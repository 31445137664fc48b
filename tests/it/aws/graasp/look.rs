//! What is asked of the platform itself, not of tidegate.

use std::collections::BTreeMap;

use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use tidegate::cloud::{CloudRead as _, DbSnapshot};
use tidegate::spec::DatabaseTarget;

use super::super::http;
use super::{ACCOUNT, BALANCER, FAMILY, Graasp};

/// Where users ask for what is gated.
const GATED: [(&str, &str); 4] = [
    ("api.graasp.org", "/api/items"),
    ("api.graasp.org", "/health"),
    ("etherpad.graasp.org", "/"),
    ("library.graasp.org", "/"),
];
/// …and for what is not.
const KEPT_OPEN: [(&str, &str); 2] = [("umami.graasp.org", "/"), ("graasp.org", "/")];
const HEADER: &str = "x-maintenance-bypass";

/// A container that was ever asked to start.
#[derive(Debug, Deserialize)]
pub(super) struct Container {
    pub(super) family: String,
    pub(super) image: String,
    pub(super) exit_code: Option<i64>,
}

/// Who gets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gate {
    /// Everybody, everywhere.
    Open,
    /// Testers everywhere, users nowhere but where it is kept open.
    Closed,
    /// Users here and there: it is being closed or opened.
    Between,
}

impl Graasp {
    /// The status that somebody gets from the balancer.
    fn asks(&self, (host, path): (&str, &str), secret: Option<&str>) -> u16 {
        let scope = format!("{ACCOUNT}/20260101/eu-central-2/elasticloadbalancing/aws4_request");
        let credential = format!("AWS4-HMAC-SHA256 Credential={scope}");
        let mut headers = vec![("Host", host), ("Authorization", &credential)];
        headers.extend(secret.map(|secret| (HEADER, secret)));
        let path = format!("/_alb/{BALANCER}{path}");
        http::request(&self.addresses.ministack, "GET", &path, &headers, "").status
    }

    fn secret(&self) -> &str {
        self.world.regions[0].secrets.values().next().unwrap()
    }

    /// What users and testers meet, at the balancer and at the edge. Whatever the gate is, testers and whoever
    /// asks for what is kept open are never sent to the maintenance page.
    pub(super) async fn gate(&self) -> Gate {
        for address in KEPT_OPEN {
            assert_ne!(self.asks(address, None), 302, "{address:?} is kept open");
        }
        for address in GATED {
            assert_ne!(self.asks(address, Some(self.secret())), 302, "testers get through to {address:?}");
        }
        let function = self.cloud.function("maintenance-check").await.unwrap().unwrap().live.unwrap();
        let mut sent_away: Vec<bool> = GATED.iter().map(|address| self.asks(*address, None) == 302).collect();
        sent_away.push(function.contains(self.secret()));
        match (sent_away.contains(&true), sent_away.contains(&false)) {
            (true, false) => Gate::Closed,
            (false, true) => Gate::Open,
            _ => Gate::Between,
        }
    }

    /// Every container that was ever started, oldest first.
    pub(super) fn started(&self) -> Vec<Container> {
        let path = format!("/containers/{ACCOUNT}");
        let reply = http::request(&self.addresses.engine, "GET", &path, &[], "");
        serde_json::from_str(&reply.body).unwrap()
    }

    /// The migrations of a version: places among all containers, and exit codes.
    pub(super) fn migrations(&self, version: &str) -> Vec<(usize, Option<i64>)> {
        let started = self.started().into_iter().enumerate();
        let of_version = started.filter(|(_, container)| {
            container.family == FAMILY && is_of(container, &format!("migrate-{version}"))
        });
        of_version.map(|(place, container)| (place, container.exit_code)).collect()
    }

    pub(super) async fn tags(&self) -> BTreeMap<String, String> {
        self.cloud.database(&self.database()).await.unwrap().unwrap().tags
    }

    pub(super) async fn snapshots(&self) -> Vec<DbSnapshot> {
        self.cloud.snapshots(&self.database()).await.unwrap()
    }

    fn database(&self) -> DatabaseTarget {
        self.wanted().spec.database.unwrap().target
    }

    /// Counts of the services, wanted and running, and the tag of what they are to run.
    pub(super) async fn services(&self) -> BTreeMap<String, (u32, u32, String)> {
        let spec = self.wanted().spec;
        let names: Vec<_> = spec.services.keys().cloned().collect();
        let mut found = BTreeMap::new();
        for (name, service) in self.cloud.services(&spec.cluster, &names).await.unwrap() {
            let definition = self.cloud.task_definition(&service.definition).await.unwrap();
            let image = definition.document.containers().next().unwrap()["image"].as_str().unwrap();
            let tag = image.split('@').next().unwrap().rsplit(':').next().unwrap().to_owned();
            found.insert(name.to_string(), (service.desired, service.running, tag));
        }
        found
    }
}

/// Whether a container runs this tag of the platform's image: by its name, or by the digest that the registry
/// of `tests/stack/internet.py` gives it.
pub(super) fn is_of(container: &Container, tag: &str) -> bool {
    let path = format!("public.ecr.aws/v2/graasp/graasp/manifests/{tag}");
    let digest: String = Sha256::digest(path).iter().map(|byte| format!("{byte:02x}")).collect();
    container.image.ends_with(&format!(":{tag}")) || container.image.ends_with(&digest)
}
