//! The types of a valid environment. Plain values: no YAML, no places, no I/O.
//!
//! Invariants that hold for every value made by `validate`: every name that is referred to exists, every
//! placeholder has a version, dependencies have no cycle, counts lie within their autoscaling range.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::model::{
    ClusterName, ContainerName, EnvironmentName, FamilyName, ImageRef, Level, Mode, ServiceName, SiteName,
    State, Version, VersionKey,
};
use crate::schedule::{Override, Schedule, Windows};

/// One environment, as declared.
#[derive(Clone, Debug, PartialEq)]
pub struct EnvironmentSpec {
    /// Equals the file's name.
    pub name: EnvironmentName,
    /// `eu-central-2`
    pub region: String,
    /// Twelve digits.
    pub account: String,
    /// A role to assume in that account.
    pub assume_role: Option<String>,
    /// The ECS cluster.
    pub cluster: ClusterName,
    /// What holds when no schedule and no override says otherwise.
    pub state: State,
    /// Whether tidegate may write.
    pub mode: Mode,
    /// Wanted versions.
    pub versions: BTreeMap<VersionKey, Version>,
    /// Services by ECS name.
    pub services: BTreeMap<ServiceName, ServiceSpec>,
    /// The database, if one is managed.
    pub database: Option<DatabaseSpec>,
    /// The migration, if versions need one. Implies `database`.
    pub migration: Option<MigrationSpec>,
    /// The gate, if there is one.
    pub maintenance: Option<Maintenance>,
    /// Static sites.
    pub sites: BTreeMap<SiteName, SiteSpec>,
    /// What must answer before the gate opens.
    pub checks: Vec<Check>,
    /// Hours of sleep.
    pub schedule: Option<Schedule>,
    /// For how long what a person starts while it sleeps is left alone.
    pub grace: Duration,
    /// An override kept in git.
    pub override_: Option<Override>,
    /// When a release that closes the gate may begin.
    pub windows: Option<Windows>,
    /// When a newer revision of a family is rolled out.
    pub adopt_revision: AdoptRevision,
}

/// One ECS service.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceSpec {
    /// Container → image; empty = images are left alone.
    pub images: BTreeMap<ContainerName, Template>,
    /// Tasks wanted while up.
    pub count: u32,
    /// The range of its scalable target, when it has one.
    pub autoscaling: Option<Autoscaling>,
    /// Started before this one, stopped after it.
    pub after: BTreeSet<ServiceName>,
    /// States in which it is up; always holds `running`, never `stopped`.
    pub up_in: BTreeSet<State>,
}

/// Range of a scalable target; `min <= max`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Autoscaling {
    /// Fewest tasks while up.
    pub min: u32,
    /// Most tasks.
    pub max: u32,
}

/// The managed database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseSpec {
    /// Which one.
    pub target: DatabaseTarget,
}

/// An RDS instance or an Aurora cluster, by identifier.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DatabaseTarget {
    /// `instance:`
    Instance(String),
    /// `cluster:`
    Cluster(String),
}

impl DatabaseTarget {
    /// The RDS identifier.
    pub fn identifier(&self) -> &str {
        match self {
            DatabaseTarget::Instance(id) | DatabaseTarget::Cluster(id) => id,
        }
    }
}

/// The one-off migration task.
#[derive(Clone, Debug, PartialEq)]
pub struct MigrationSpec {
    /// The entry of `versions` whose change needs a migration; never empty there.
    pub follows: VersionKey,
    /// Task-definition family.
    pub task: FamilyName,
    /// Container → image.
    pub images: BTreeMap<ContainerName, Template>,
    /// The service whose awsvpc configuration is copied.
    pub network: ServiceName,
    /// Which changes need it.
    pub needed_for: NeededFor,
    /// A migration that exits non-zero has changed nothing.
    pub atomic: bool,
    /// After this, a person is told; the task goes on.
    pub timeout: Duration,
    /// The snapshot before it.
    pub snapshot: SnapshotPolicy,
    /// Wait after it, before services start.
    pub settle: Duration,
    /// "The wanted code runs on this schema": the acknowledgement for going backwards.
    pub allow_schema: Option<Version>,
}

/// Which changes of the followed version need a migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NeededFor {
    /// Every change.
    Always,
    /// None: every bump rolls.
    Never,
    /// Changes of these levels.
    Levels(BTreeSet<Level>),
}

/// Snapshots before migrations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SnapshotPolicy {
    /// Take one at all.
    pub take: bool,
    /// How many of ours stay.
    pub keep: u32,
}

/// The gate.
#[derive(Clone, Debug, PartialEq)]
pub struct Maintenance {
    /// Where users are sent.
    pub page: url::Url,
    /// The header that gets people through.
    pub bypass: Bypass,
    /// Rules that are gated.
    pub load_balancer: Option<ListenerTarget>,
    /// Distributions that are gated.
    pub cloudfront: Option<CloudFrontGate>,
    /// Services that are never gated while up.
    pub keep_open: BTreeSet<ServiceName>,
    /// Wait between closing and stopping.
    pub drain: Duration,
}

/// Header name and where its secret value is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bypass {
    /// Lower-case header name.
    pub header: String,
    /// Where the value is read.
    pub value_from: SecretSource,
}

/// Where a secret is kept. Holds the place, never the secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SecretSource {
    /// An SSM parameter.
    Ssm(String),
    /// A Secrets Manager secret.
    SecretsManager(String),
    /// An environment variable of the daemon.
    Env(String),
    /// A file on the daemon's machine.
    File(String),
}

/// A listener of a named load balancer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListenerTarget {
    /// The balancer's name.
    pub name: String,
    /// The listener's port.
    pub port: u16,
}

/// The CloudFront function and what it guards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloudFrontGate {
    /// Name of the function.
    pub function: String,
    /// Aliases or ids.
    pub distributions: Vec<String>,
}

/// A static site.
#[derive(Clone, Debug, PartialEq)]
pub struct SiteSpec {
    /// `s3://bucket/prefix/{version}/`
    pub source: Template,
    /// The bucket that is served.
    pub bucket: String,
    /// The distribution in front of it.
    pub distribution: Option<String>,
}

/// A request that must answer as expected.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// What is asked.
    pub url: url::Url,
    /// The status that passes.
    pub status: u16,
    /// How long it may take until it passes.
    pub within: Duration,
}

/// When a newer task-definition revision is rolled out without a version change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AdoptRevision {
    /// At the next version change; until then it is drift that is reported.
    #[default]
    AtVersionChange,
    /// At once.
    Always,
}

/// Text with `{placeholders}` that name entries of `versions`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Template {
    text: String,
    keys: Vec<VersionKey>,
}

impl Template {
    /// Takes a template apart. `Err` is the 0-based byte offset of a brace without its partner, or of an empty `{}`.
    pub fn parse(text: &str) -> Result<Template, usize> {
        let mut keys = Vec::new();
        let mut offset = 0;
        while let Some(found) = text[offset..].find(['{', '}']) {
            let open = offset + found;
            if text.as_bytes()[open] == b'}' {
                return Err(open);
            }
            let end = text[open + 1..].find(['{', '}']).map(|i| open + 1 + i).ok_or(open)?;
            if text.as_bytes()[end] == b'{' || end == open + 1 {
                return Err(open);
            }
            let key = VersionKey::new(&text[open + 1..end]);
            if !keys.contains(&key) {
                keys.push(key);
            }
            offset = end + 1;
        }
        Ok(Template { text: text.to_owned(), keys })
    }

    /// The entries of `versions` it names, each once, in order of appearance.
    pub fn keys(&self) -> &[VersionKey] {
        &self.keys
    }

    /// The text as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The text with versions filled in; `None` when one of them is empty (not deployed) or unknown.
    pub fn render(&self, versions: &BTreeMap<VersionKey, Version>) -> Option<String> {
        let mut text = self.text.clone();
        for key in &self.keys {
            let version = versions.get(key).filter(|version| !version.is_empty())?;
            text = text.replace(&format!("{{{key}}}"), version.as_str());
        }
        Some(text)
    }

    /// The version of `key` that would render to `text`: the template read backwards.
    pub fn extract(
        &self,
        key: &VersionKey,
        versions: &BTreeMap<VersionKey, Version>,
        text: &str,
    ) -> Option<Version> {
        let hole = format!("{{{key}}}");
        let mut pattern = self.text.clone();
        for other in self.keys.iter().filter(|other| *other != key) {
            pattern = pattern.replace(&format!("{{{other}}}"), versions.get(other)?.as_str());
        }
        let (before, after) = pattern.split_once(&hole)?;
        let found = text.strip_prefix(before)?.strip_suffix(after.split(&hole).next().unwrap_or(after))?;
        (!found.is_empty() && !found.contains(['/', '@', ':'])).then(|| Version::new(found))
    }

    /// As an image reference, rendered.
    pub fn image(&self, versions: &BTreeMap<VersionKey, Version>) -> Option<ImageRef> {
        self.render(versions).map(ImageRef::new)
    }
}

impl EnvironmentSpec {
    /// Whether a service's images follow the migrated version: its old code must not meet a new schema.
    pub fn follows_migration(&self, service: &ServiceSpec) -> bool {
        self.migration.as_ref().is_some_and(|migration| {
            service.images.values().any(|image| image.keys().contains(&migration.follows))
        })
    }

    /// Whether every version a service's images need is deployed (an empty version means it is not).
    pub fn is_deployed(&self, service: &ServiceSpec) -> bool {
        service.images.values().all(|image| image.render(&self.versions).is_some())
    }

    /// Whether a service has tasks in `state`.
    pub fn is_up_in(&self, service: &ServiceSpec, state: State) -> bool {
        service.up_in.contains(&state) && self.is_deployed(service)
    }

    /// The same for equal declarations, another one after any edit: of the whole, under [`WHOLE`], and of each
    /// part that may drift, under `service/web`, `gate` and `database`. Programs of another version may disagree.
    pub fn fingerprints(&self) -> BTreeMap<String, String> {
        let services = self.services.iter().map(|(name, service)| {
            let images: Vec<_> = service.images.values().map(|image| image.render(&self.versions)).collect();
            (format!("service/{name}"), fingerprint(&(service, images)))
        });
        let rest = [
            (WHOLE.to_owned(), fingerprint(self)),
            ("gate".to_owned(), fingerprint(&self.maintenance)),
            ("database".to_owned(), fingerprint(&self.database)),
        ];
        services.chain(rest).collect()
    }

    /// Services in start order: layers whose members do not depend on each other.
    pub fn layers(&self) -> Vec<Vec<ServiceName>> {
        let mut layers: Vec<Vec<ServiceName>> = Vec::new();
        let mut placed: BTreeSet<&ServiceName> = BTreeSet::new();
        while placed.len() < self.services.len() {
            let ready: Vec<&ServiceName> = self
                .services
                .iter()
                .filter(|(name, service)| {
                    !placed.contains(name) && service.after.iter().all(|dep| placed.contains(dep))
                })
                .map(|(name, _)| name)
                .collect();
            assert!(!ready.is_empty(), "validation lets no dependency cycle through");
            placed.extend(&ready);
            layers.push(ready.into_iter().cloned().collect());
        }
        layers
    }
}

/// The whole declaration, among [`EnvironmentSpec::fingerprints`].
pub const WHOLE: &str = "whole";

fn fingerprint(part: &impl std::fmt::Debug) -> String {
    let digest = Sha256::digest(format!("{part:?}"));
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_read_forwards_and_backwards() {
        let versions =
            BTreeMap::from([("core".into(), Version::from("v1")), ("off".into(), Version::from(""))]);
        let template = Template::parse("reg/graasp:core-{core}").unwrap();
        assert_eq!(template.render(&versions).as_deref(), Some("reg/graasp:core-v1"));
        let core = VersionKey::from("core");
        assert_eq!(template.extract(&core, &versions, "reg/graasp:core-v0.9"), Some(Version::from("v0.9")));
        assert_eq!(template.extract(&core, &versions, "reg/graasp:workers-v0.9"), None);
        assert_eq!(Template::parse("a:{off}").unwrap().render(&versions), None);
        for (text, offset) in [("a{", 1), ("a}b", 1), ("{}", 0), ("{a{b}", 0)] {
            assert_eq!(Template::parse(text), Err(offset), "{text}");
        }
    }
}
