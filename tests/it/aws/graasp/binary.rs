//! The real binary against the platform, at the wall's time: what it plans, and a whole release of it.

use std::collections::BTreeMap;

use serde_json::Value;
use tidegate::clock::Clock as _;
use tidegate::cloud::{CachedCloud, Depth, LastObservation};
use tidegate::reconcile;
use tidegate::sim::WorldFolder;
use tidegate::store::LocalStore;

use super::super::clock::StackClock;
use super::super::stack::at_real_time;
use super::look::is_of;
use super::{ACCOUNT, BALANCER, ENVIRONMENT, Graasp, since};
use crate::cli::{Ended, Machine};

/// A Tuesday, when production's window has just opened: later than any clock that runs these tests.
const WINDOW: &str = "2032-11-23T03:00:00Z";

/// Requests of an `apply` that finds everything as declared, 80 in all: a full pass of a process that knows nothing
/// yet. ListTaskDefinitions takes one family and DescribeTargetHealth one target group. ListTasks is asked for each
/// service, for the migration's family and for the whole cluster, where tasks of no service may run, each time by status.
const FULL_PASS: [(&str, u64); 20] = [
    ("application-autoscaling:DescribeScalableTargets", 1),
    // Both stages of the function, and all distributions at once.
    ("cloudfront:GET", 3),
    ("ecs:DescribeClusters", 1),
    ("ecs:DescribeServices", 1),
    ("ecs:DescribeTaskDefinition", 10),
    ("ecs:DescribeTasks", 10),
    ("ecs:ListServices", 1),
    ("ecs:ListTaskDefinitions", 10),
    ("ecs:ListTasks", 22),
    ("elasticloadbalancing:DescribeListeners", 1),
    ("elasticloadbalancing:DescribeLoadBalancers", 1),
    ("elasticloadbalancing:DescribeRules", 1),
    ("elasticloadbalancing:DescribeTags", 1),
    ("elasticloadbalancing:DescribeTargetHealth", 5),
    ("rds:DescribeDBInstances", 1),
    ("rds:DescribeDBSnapshots", 1),
    // A marker for each site; the region of its bucket, asked for each side by side.
    ("s3:GET", 4),
    ("s3:HEAD", 4),
    ("ssm:GetParameter", 1),
    ("sts:GetCallerIdentity", 1),
];
/// What a process does not ask twice: revisions never change, and names stand for the same ARNs.
const KNOWN_BY_THEN: [&str; 5] = [
    "ecs:DescribeTaskDefinition",
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeListeners",
    "s3:HEAD",
    "sts:GetCallerIdentity",
];
/// What moves by itself, between two full passes.
const QUIET_PASS: [(&str, u64); 6] = [
    ("application-autoscaling:DescribeScalableTargets", 1),
    ("cloudfront:GET", 1),
    ("ecs:DescribeServices", 1),
    ("elasticloadbalancing:DescribeRules", 1),
    ("rds:DescribeDBInstances", 1),
    ("s3:GET", 1),
];

/// Runs a verb against the emulators, as a person with credentials for the account would.
fn tidegate(machine: &Machine, graasp: &Graasp, args: &[&str]) -> Ended {
    let proxy = graasp.addresses.internet.replace("//", &format!("//{ACCOUNT}:{BALANCER}@"));
    let mut command = machine.command_on_aws(args);
    // Variables, not flags: printed commands have the flags of the call, and plans are compared.
    command
        .env("TIDEGATE_DIR", graasp.declarations())
        .env("TIDEGATE_STORE", graasp.store())
        .env("AWS_ENDPOINT_URL", &graasp.addresses.aws)
        .env("AWS_ACCESS_KEY_ID", ACCOUNT)
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .env("HTTPS_PROXY", proxy)
        .env("SSL_CERT_FILE", &graasp.addresses.authority);
    machine.ended(command.output().unwrap())
}

/// The same in the simulated world that the emulators were made like.
fn simulated(machine: &Machine, graasp: &Graasp, args: &[&str]) -> Ended {
    let store = machine.home().join("simulated");
    if !store.exists() {
        WorldFolder::new(store.join("sim")).save(&graasp.world).unwrap();
    }
    let mut command = machine.command(args);
    command.env("TIDEGATE_DIR", graasp.declarations()).env("TIDEGATE_STORE", store);
    machine.ended(command.output().unwrap())
}

/// A plan without what two registries, stores and folders cannot agree on.
fn comparable(text: &str) -> String {
    let mut parts = text.split("@sha256:");
    let mut plain = parts.next().unwrap().to_owned();
    for part in parts {
        plain.push_str("@sha256:…");
        plain.push_str(part.trim_start_matches(|letter: char| letter.is_ascii_hexdigit() || letter == '…'));
    }
    plain
}

fn assert_same_plans(machine: &Machine, graasp: &Graasp) {
    for args in [
        &["plan", ENVIRONMENT, "--at", WINDOW][..],
        &["plan", ENVIRONMENT, "--at", WINDOW, "--output", "json"],
        &["plan", ENVIRONMENT, "--at", WINDOW, "--output", "markdown"],
    ] {
        let (over_the_wire, simulated) = (tidegate(machine, graasp, args), simulated(machine, graasp, args));
        assert_eq!(over_the_wire.code, 0, "{}{}", over_the_wire.out, over_the_wire.err);
        assert_eq!(comparable(&over_the_wire.out), comparable(&simulated.out), "{args:?}");
        assert_eq!(over_the_wire.err, simulated.err, "{args:?}");
    }
}

#[tokio::test]
async fn the_real_binary_takes_a_version_bump_through_a_whole_release() {
    let graasp = Graasp::running(at_real_time(), &[("core", "v2.23.0"), ("client", "v2.23.0")]).await;
    let machine = Machine::new();
    assert_same_plans(&machine, &graasp);

    let before = graasp.requests();
    let apply = ["apply", ENVIRONMENT, "--now", "--reason", "a test of the whole", "--output", "json"];
    let ended = tidegate(&machine, &graasp, &apply);
    assert_eq!(ended.code, 0, "{}{}", ended.out, ended.err);
    let whole = since(&before, graasp.requests());
    let run: Value = serde_json::from_str(&ended.out).unwrap();
    let steps: Vec<&str> =
        run["steps"].as_array().unwrap().iter().map(|step| step["step"].as_str().unwrap()).collect();
    let first_contact = ["claim", "record", "associate"];
    let closed = ["close-gate", "drain", "stop-services", "stop-services", "snapshot", "migrate", "record"];
    let back = ["start-services", "start-services", "switch-sites", "check", "open-gate", "tidy"];
    assert_eq!(steps, [&first_contact[..], &["stage-sites", "begin"], &closed, &back].concat());
    assert_eq!(whole["ecs:RunTask"], 1, "{whole:#?}");

    graasp.assert_released("v2.23.0", "v2.24.0").await;
    let started = graasp.started();
    let place = |tag: &str| started.iter().rposition(|container| is_of(container, tag)).unwrap();
    let last = |family: &str| started.iter().rposition(|container| container.family == family).unwrap();
    let (migrated, core) = (place("migrate-v2.24.0"), place("core-v2.24.0"));
    for dependency in ["redis", "meilisearch", "iframely"] {
        assert!(migrated < last(dependency) && last(dependency) < core, "{dependency}: {started:#?}");
    }

    let before = graasp.requests();
    let ended = tidegate(&machine, &graasp, &["apply", ENVIRONMENT]);
    assert_eq!(ended.code, 0, "{}{}", ended.out, ended.err);
    let pass = since(&before, graasp.requests());
    assert_within(&pass, &FULL_PASS);

    let ended = simulated(&machine, &graasp, &apply);
    assert_eq!(ended.code, 0, "{}{}", ended.out, ended.err);
    assert_same_plans(&machine, &graasp);
    looks(&graasp).await;
}

/// What a daemon asks that has looked before: everything that may have changed, and between two such looks only
/// what moves by itself.
async fn looks(graasp: &Graasp) {
    let clock = StackClock(graasp.addresses);
    let store = LocalStore::open_existing(graasp.store()).unwrap();
    let wanted = graasp.wanted();
    let last = reconcile::preview(&graasp.cloud, &clock, &store, &wanted).await.unwrap().unwrap().plan;
    let last_observation = LastObservation::default();
    last_observation.begin(clock.monotonic());
    let known = KNOWN_BY_THEN.map(|operation| (operation, 0));
    let warm: Vec<(&str, u64)> = FULL_PASS.into_iter().chain(known).collect();
    for (depth, most) in [(Depth::Full, &warm[..]), (Depth::Quick, &QUIET_PASS)] {
        let before = graasp.requests();
        let cloud = CachedCloud { cloud: &graasp.cloud, last_observation: &last_observation, depth };
        assert!(reconcile::is_unchanged(&cloud, &clock, &store, &wanted, &last).await.unwrap());
        assert_within(&since(&before, graasp.requests()), most);
    }
}

/// Nothing else, and no more of it.
fn assert_within(requests: &BTreeMap<String, u64>, most: &[(&str, u64)]) {
    let most: BTreeMap<&str, u64> = most.iter().copied().collect();
    for (operation, count) in requests {
        let bound = most.get(operation.as_str()).copied().unwrap_or_default();
        assert!(*count <= bound, "{operation}: {count} instead of {bound} at most: {requests:#?}");
    }
}
