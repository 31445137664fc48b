//! The result of a history, without its course and times: two histories that should end alike have equal portraits.

use std::collections::BTreeMap;

use super::{SimService, World};
use crate::cloud::TaskStatus;

impl World {
    /// Counts, images, states, tags, rules, code and files, by a readable name. ARNs, ids, instants, ETags and
    /// revision numbers are left out; values that may be secret appear as a hash.
    pub fn portrait(&self) -> BTreeMap<String, String> {
        let mut portrait = BTreeMap::new();
        for region in &self.regions {
            for (cluster, tags) in &region.clusters {
                portrait.insert(format!("cluster {cluster}"), format!("{tags:?}"));
            }
            for (key, service) in &region.services {
                portrait.insert(format!("service {key}"), self.portrait_of(region, key, service));
            }
            for (key, target) in &region.targets {
                portrait.insert(format!("target {key}"), format!("{:?}", target.shown));
            }
            for (name, database) in &region.databases {
                let of = &database.shown;
                let text = format!("{} {:?} schema {:?}", of.status, of.tags, database.schema);
                portrait.insert(format!("database {name}"), text);
            }
            for listener in &region.listeners {
                for rule in &listener.rules {
                    let name = format!("rule {}:{} {}", listener.balancer, listener.port, rule.priority);
                    portrait.insert(name, format!("{:?} {:?}", rule.conditions, rule.tags));
                }
            }
            for (name, function) in &region.functions {
                let live = function.live.as_deref().map(hash);
                portrait.insert(format!("function {name}"), format!("{live:?}"));
            }
            for (id, distribution) in &region.distributions {
                portrait.insert(format!("distribution {id}"), format!("{:?}", distribution.behaviours));
            }
        }
        for (name, bucket) in &self.buckets {
            // A bucket of releases is filled on demand.
            if bucket.releases.is_empty() {
                let files: Vec<_> = bucket.objects.iter().map(|(key, stored)| (key, &stored.etag)).collect();
                let marker = bucket.marker.as_ref().map(|(marker, _)| marker);
                let markers: BTreeMap<_, _> =
                    bucket.markers.iter().map(|(prefix, (marker, _))| (prefix, marker)).collect();
                portrait.insert(format!("bucket {name}"), format!("{files:?} {marker:?} {markers:?}"));
            }
        }
        let migrations: Vec<String> = self
            .effects
            .iter()
            .map(|effect| format!("{}: {:?} to {}", effect.environment, effect.from, effect.to))
            .collect();
        portrait.insert("migrations".to_owned(), migrations.join(", "));
        portrait
    }

    fn portrait_of(&self, region: &super::Region, key: &str, service: &SimService) -> String {
        let running = region.tasks.values().filter(|task| {
            task.service.as_deref() == Some(key)
                && task.shown.status == TaskStatus::Running
                && task.shown.healthy
        });
        let contents: Vec<String> = running
            .map(|task| task.contents.values().map(|image| image.as_str()).collect::<Vec<_>>().join("+"))
            .collect();
        format!("{} wanted, {:?}, {:?}", service.desired, contents, service.rollback)
    }
}

fn hash(code: &str) -> String {
    use sha2::Digest as _;
    sha2::Sha256::digest(code.as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
