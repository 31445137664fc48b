//! The whole product of what is declared, what the family allows, how the copied service runs and what the cluster has:
//! the preflight lets a release begin exactly where AWS accepts its RunTask after the services have stopped.

use crate::bench::Bench;
use crate::cloud::{
    Capacity, CapacityProvider, Document, Kind, Placement, ProviderKind, ProviderShare, RunTask,
};
use crate::plan::{ActionKind, BlockedReason, MigrationStart, Plan};
use crate::spec::RunOn;

const FIXED: &str = "shop-fixed";
const SCALING: &str = "shop-scaling";
const MANAGED: &str = "shop-managed";
const SPOT: &str = "FARGATE_SPOT";

fn declared() -> Vec<RunOn> {
    let named =
        |names: &[&str]| RunOn::CapacityProviders(names.iter().map(|name| (*name).to_owned()).collect());
    vec![
        RunOn::Auto,
        RunOn::Fargate,
        named(&[FIXED]),
        named(&[SCALING]),
        named(&[MANAGED]),
        named(&[SPOT]),
        named(&[FIXED, SCALING]),
        named(&[SCALING, SPOT]),
    ]
}

fn families() -> [&'static [&'static str]; 6] {
    [&["FARGATE"], &["EC2"], &["EC2", "FARGATE"], &["EXTERNAL"], &["MANAGED_INSTANCES"], &[]]
}

fn share(name: &str) -> ProviderShare {
    ProviderShare { name: name.to_owned(), weight: 1, base: 0 }
}

fn services() -> [Placement; 4] {
    [
        Placement::default(),
        Placement::LaunchType("EC2".to_owned()),
        Placement::Providers(vec![share(SCALING)]),
        Placement::Providers(vec![share(FIXED)]),
    ]
}

fn capacities() -> Vec<Capacity> {
    let provider = |name: &str, kind, active| CapacityProvider { name: name.to_owned(), kind, active };
    let group = |scales| ProviderKind::AutoScalingGroup { scales };
    let fixed = provider(FIXED, group(false), true);
    let scaling = provider(SCALING, group(true), true);
    let managed = provider(MANAGED, ProviderKind::ManagedInstances, true);
    let spot = provider(SPOT, ProviderKind::FargateSpot, true);
    let leaving = provider(SCALING, group(true), false);
    let of = |instances, providers: &[&CapacityProvider], default_strategy: &[&str]| Capacity {
        instances,
        providers: providers.iter().map(|provider| (*provider).clone()).collect(),
        default_strategy: default_strategy.iter().map(|name| share(name)).collect(),
    };
    vec![
        of(0, &[], &[]),
        of(2, &[], &[]),
        of(0, &[&spot], &[SPOT]),
        of(0, &[&fixed], &[FIXED]),
        of(2, &[&fixed, &spot], &[FIXED]),
        of(2, &[&scaling], &[SCALING]),
        of(0, &[&scaling, &fixed], &[]),
        of(2, &[&leaving], &[SCALING]),
        of(0, &[&managed], &[]),
    ]
}

/// The placement of the migration that the plan would send.
fn sends(plan: &Plan) -> Option<Placement> {
    plan.actions.iter().find_map(|action| match &action.kind {
        ActionKind::Migrate(migration) => match &migration.start {
            MigrationStart::Send { placement, .. } => Some(placement.clone()),
            _ => None,
        },
        _ => None,
    })
}

/// Sends RunTask to a world in which the services have stopped, and takes its task away again.
fn run(bench: &Bench, placement: Placement, number: usize) -> Result<(), String> {
    let request = RunTask { placement, client_token: format!("token-{number}"), ..bench.migration_request() };
    let answer = bench.clock.block_on(bench.port().run_task(&request));
    bench.cloud.with(|world| world.regions[0].tasks.clear());
    match answer {
        Ok(_) => Ok(()),
        Err(error) => {
            assert_eq!(error.kind, Kind::Invalid, "{error}");
            Err(error.message)
        }
    }
}

#[test]
fn a_release_begins_exactly_where_aws_would_run_its_migration() {
    let mut bench = Bench::converged();
    bench.spec.versions.insert("core".into(), "v1.5.0".into());
    let family = bench.cloud.with(|world| world.regions[0].definitions["migrate"].clone());
    let tasks = bench.cloud.with(|world| world.regions[0].tasks.clone());
    let (mut number, mut begun, mut refused) = (0, 0, 0);
    for required in families() {
        let family = family.iter().cloned().map(|mut definition| {
            let mut text = definition.document.expose().clone();
            text["requiresCompatibilities"] = serde_json::json!(required);
            definition.document = Document::new(text);
            definition
        });
        let family: Vec<_> = family.collect();
        for (service, capacity) in
            services().iter().flat_map(|one| capacities().into_iter().map(move |all| (one, all)))
        {
            for run_on in declared() {
                bench.spec.migration.as_mut().unwrap().run_on = run_on.clone();
                bench.cloud.with(|world| {
                    let region = &mut world.regions[0];
                    region.definitions.insert("migrate".to_owned(), family.clone());
                    region.services.get_mut("shop/web").unwrap().placement = service.clone();
                    // The instances of a family that runs outside AWS are outside AWS.
                    let (inside, outside) = match required {
                        ["EXTERNAL"] => (0, capacity.instances),
                        _ => (capacity.instances, 0),
                    };
                    let inside = Capacity { instances: inside, ..capacity.clone() };
                    region.capacity.insert("shop".to_owned(), inside);
                    region.outside.insert("shop".to_owned(), outside);
                    region.tasks.clone_from(&tasks);
                });
                let what = format!("{required:?}, {service:?}, {capacity:?}, {run_on:?}");
                let plan = bench.plan();
                bench.cloud.with(|world| world.regions[0].tasks.clear());
                let is_blocked =
                    plan.blocked.iter().any(|blocked| blocked.reason == BlockedReason::Placement);
                assert_eq!(is_blocked, sends(&plan).is_none(), "{what}: {:#?}", plan.blocked);
                let candidates = match (sends(&plan), &run_on) {
                    (Some(placement), _) => vec![placement],
                    (None, RunOn::Fargate) => vec![Placement::default()],
                    (None, RunOn::CapacityProviders(names)) => {
                        vec![Placement::Providers(names.iter().map(|name| share(name)).collect())]
                    }
                    // Nothing that could be sent would be accepted.
                    (None, RunOn::Auto) => {
                        let types =
                            ["FARGATE", "EC2", "EXTERNAL"].map(|name| Placement::LaunchType(name.to_owned()));
                        let providers = capacity.providers.iter();
                        let providers = providers.map(|one| Placement::Providers(vec![share(&one.name)]));
                        types.into_iter().chain(providers).collect()
                    }
                };
                for placement in candidates {
                    number += 1;
                    let answer = run(&bench, placement.clone(), number);
                    assert_eq!(answer.is_err(), is_blocked, "{what}: {placement:?}: {answer:?}");
                }
                *(if is_blocked { &mut refused } else { &mut begun }) += 1;
            }
        }
    }
    assert!(begun > 300 && refused > 300, "both halves are tried: {begun} begin, {refused} are refused");
}
