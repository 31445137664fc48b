//! A declaration in words, for its fingerprints. They are the keys of the YAML files, and they stay: another word would
//! look like an edit of every declaration. Every type is taken apart by name, so a new field needs its word here.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::time::Duration;

use serde_json::{Value, json};

use crate::model::Mode;
use crate::schedule::{Override, Schedule, Windows};
use crate::spec::environment::{
    AdoptRevision, Autoscaling, Bypass, Check, CloudFrontGate, DatabaseSpec, DatabaseTarget, EnvironmentSpec,
    ListenerTarget, Maintenance, MigrationSpec, NeededFor, OnFailure, RunOn, SecretSource, ServiceSpec,
    SiteSpec, SnapshotPolicy, Template,
};

pub(super) fn environment(spec: &EnvironmentSpec) -> Value {
    let EnvironmentSpec {
        name,
        region,
        account,
        assume_role,
        cluster,
        state,
        mode,
        versions,
        services,
        database: database_spec,
        migration: migration_spec,
        maintenance: gate,
        sites,
        checks,
        schedule: hours,
        grace,
        override_,
        windows: windows_spec,
        adopt_revision,
    } = spec;
    json!({
        "name": name,
        "region": region,
        "account": account,
        "assume_role": assume_role,
        "cluster": cluster,
        "state": state.as_str(),
        "mode": match mode {
            Mode::Enforce => "",
            Mode::Observe => "observe",
        },
        "versions": map(versions, text),
        "services": map(services, service),
        "database": database(database_spec.as_ref()),
        "migration": migration_spec.as_ref().map(migration),
        "maintenance": maintenance(gate.as_ref()),
        "sites": map(sites, site),
        "checks": checks.iter().map(check).collect::<Vec<_>>(),
        "schedule": hours.as_ref().map(schedule),
        "grace": time(*grace),
        "override": override_.as_ref().map(override_of_git),
        "windows": windows_spec.as_ref().map(windows),
        "adopt_revision": match adopt_revision {
            AdoptRevision::AtVersionChange => "",
            AdoptRevision::Always => "always",
        },
    })
}

pub(super) fn service(spec: &ServiceSpec) -> Value {
    let ServiceSpec { images, count, autoscaling, after, up_in, start_within } = spec;
    let scaling = autoscaling.map(|Autoscaling { min, max }| json!({"min": min, "max": max}));
    let up_in: Vec<_> = up_in.iter().map(|state| state.as_str()).collect();
    let mut words = json!({
        "images": map(images, template),
        "count": count,
        "autoscaling": scaling,
        "after": list(after),
        "up_in": up_in,
    });
    // Younger than the fingerprints: without the key nothing changes.
    if let Some(within) = start_within {
        words["start_within"] = time(*within);
    }
    words
}

pub(super) fn database(spec: Option<&DatabaseSpec>) -> Value {
    match spec.map(|DatabaseSpec { target }| target) {
        Some(DatabaseTarget::Instance(name)) => json!({"instance": name}),
        Some(DatabaseTarget::Cluster(name)) => json!({"cluster": name}),
        None => Value::Null,
    }
}

pub(super) fn maintenance(spec: Option<&Maintenance>) -> Value {
    let Some(Maintenance { page, bypass, load_balancer, cloudfront, keep_open, drain }) = spec else {
        return Value::Null;
    };
    let Bypass { header, value_from } = bypass;
    let listener =
        load_balancer.as_ref().map(|ListenerTarget { name, port }| json!({"name": name, "port": port}));
    let edge = cloudfront.as_ref().map(|CloudFrontGate { function, distributions, replace }| {
        json!({"function": function, "distributions": distributions, "replace": replace})
    });
    json!({
        "page": page.as_str(),
        "bypass": {"header": header, "value_from": secret(value_from)},
        "load_balancer": listener,
        "cloudfront": edge,
        "keep_open": list(keep_open),
        "drain": time(*drain),
    })
}

/// Where the secret is, never the secret.
fn secret(source: &SecretSource) -> Value {
    match source {
        SecretSource::Ssm(name) => json!({"ssm": name}),
        SecretSource::SecretsManager(name) => json!({"secrets_manager": name}),
        SecretSource::Env(name) => json!({"env": name}),
        SecretSource::File(path) => json!({"file": path}),
    }
}

fn migration(spec: &MigrationSpec) -> Value {
    let MigrationSpec {
        follows,
        together,
        task,
        images,
        network,
        run_on,
        needed_for,
        atomic,
        on_failure,
        timeout,
        snapshot: SnapshotPolicy { take, keep },
        settle,
        allow_schema,
    } = spec;
    let needed_for = match needed_for {
        NeededFor::Always => json!("always"),
        NeededFor::Never => json!("never"),
        NeededFor::Levels(levels) => json!(levels),
    };
    let on_failure = match on_failure {
        OnFailure::Hold => None,
        OnFailure::Revert => Some("revert"),
    };
    let mut words = json!({
        "follows": follows,
        "together": (!together.is_empty()).then(|| list(together)),
        "on_failure": on_failure,
        "task": task,
        "images": map(images, template),
        "network": network,
        "needed_for": needed_for,
        "atomic": atomic,
        "timeout": time(*timeout),
        "snapshot": {"take": take, "keep": keep},
        "settle": time(*settle),
        "allow_schema": allow_schema,
    });
    // Younger than the fingerprints: without the key nothing changes.
    match run_on {
        RunOn::Auto => {}
        RunOn::Fargate => words["run_on"] = json!("fargate"),
        RunOn::CapacityProviders(names) => words["run_on"] = json!(names),
    }
    words
}

fn site(spec: &SiteSpec) -> Value {
    let SiteSpec { source, bucket, prefix, distribution } = spec;
    json!({"source": source.as_str(), "bucket": bucket, "prefix": prefix, "distribution": distribution})
}

fn check(spec: &Check) -> Value {
    let Check { url, status, within } = spec;
    json!({"url": url.as_str(), "status": status, "within": time(*within)})
}

fn schedule(spec: &Schedule) -> Value {
    let Schedule { timezone, start, stop, except, holidays, also } = spec;
    json!({
        "timezone": timezone.name(),
        "start": list(start),
        "stop": list(stop),
        "except": list(except),
        "holidays": list(holidays),
        "also": list(also),
    })
}

fn override_of_git(spec: &Override) -> Value {
    let Override { state, until, reason } = spec;
    json!({"state": state.as_str(), "until": until, "reason": reason})
}

fn windows(spec: &Windows) -> Value {
    let Windows { timezone, allow, deny, applies_to } = spec;
    json!({
        "timezone": timezone.name(),
        "allow": list(allow),
        "deny": list(deny),
        "applies_to": applies_to,
    })
}

/// Each value in its own words, in the order of the declaration.
fn list<'a, T: Display + 'a>(values: impl IntoIterator<Item = &'a T>) -> Value {
    values.into_iter().map(text).collect()
}

fn map<K: Display, V>(values: &BTreeMap<K, V>, words: impl Fn(&V) -> Value) -> Value {
    values.iter().map(|(name, value)| (name.to_string(), words(value))).collect()
}

fn text<T: Display>(value: &T) -> Value {
    Value::String(value.to_string())
}

fn template(value: &Template) -> Value {
    Value::String(value.as_str().to_owned())
}

/// Milliseconds.
fn time(duration: Duration) -> Value {
    json!(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}
