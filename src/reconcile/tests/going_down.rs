//! Going down needs less than going up: each thing that tidegate reads or uses is taken away, and whatever does not need
//! it goes down all the same, in every state that goes down.

use crate::bench::{Bench, closes};
use crate::cloud::{DatabaseStatus, Kind};
use crate::model::State;
use crate::plan::{ActionKind, BlockedReason, Need};
use crate::reconcile::RunOutcome;
use crate::schedule::{Crontab, Schedule, Tz};

/// One thing that is taken away, and how.
struct Taken {
    what: &'static str,
    need: Need,
    take: fn(&Bench),
}

const TAKEN: &[Taken] = &[
    Taken { what: "images are gone", need: Need::Images, take: no_images },
    Taken {
        what: "registries cannot be read",
        need: Need::Images,
        take: |bench| denied(bench, "ecr:BatchGetImage"),
    },
    Taken {
        what: "definitions cannot be read",
        need: Need::Definition,
        take: |bench| denied(bench, "ecs:DescribeTaskDefinition"),
    },
    Taken {
        what: "every revision is deregistered",
        need: Need::Definition,
        take: |bench| deregister(bench, "web"),
    },
    Taken {
        what: "the secret cannot be read",
        need: Need::Secret,
        take: |bench| denied(bench, "ssm:GetParameter"),
    },
    Taken { what: "the secret is malformed", need: Need::Secret, take: short_secret },
    Taken {
        what: "the function cannot be read",
        need: Need::Function,
        take: |bench| denied(bench, "cloudfront:DescribeFunction"),
    },
    Taken {
        what: "distributions cannot be read",
        need: Need::Distributions,
        take: |bench| denied(bench, "cloudfront:GetDistributionConfig"),
    },
    Taken { what: "distributions are gone", need: Need::Distributions, take: no_distributions },
    Taken {
        what: "rules cannot be read",
        need: Need::Rules,
        take: |bench| denied(bench, "elasticloadbalancing:DescribeRules"),
    },
    Taken { what: "the listener is gone", need: Need::Listener, take: no_listener },
    Taken {
        what: "the database cannot be read",
        need: Need::Database,
        take: |bench| denied(bench, "rds:DescribeDBInstances"),
    },
    Taken { what: "the database is gone", need: Need::Database, take: no_database },
    Taken {
        what: "snapshots cannot be read",
        need: Need::Snapshots,
        take: |bench| denied(bench, "rds:DescribeDBSnapshots"),
    },
    Taken {
        what: "the migration family is deregistered",
        need: Need::MigrationFamily,
        take: |bench| deregister(bench, "migrate"),
    },
    Taken { what: "the network's service is deleted", need: Need::MigrationNetwork, take: no_network },
    Taken {
        what: "tasks outside the declared services cannot be listed",
        need: Need::Strangers,
        take: |bench| denied(bench, "ecs:ListTasks"),
    },
    Taken { what: "the site's bucket is gone", need: Need::Site, take: no_bucket },
    Taken { what: "the site cannot be read", need: Need::Site, take: |bench| denied(bench, "s3:GetObject") },
    Taken {
        what: "scaling cannot be read",
        need: Need::Scaling,
        take: |bench| denied(bench, "application-autoscaling:DescribeScalableTargets"),
    },
];

fn denied(bench: &Bench, operation: &'static str) {
    bench.fault(operation, u32::MAX, Kind::AccessDenied);
}

fn deregister(bench: &Bench, family: &str) {
    bench.cloud.with(|world| world.person("shop").deregister(family));
}

fn no_images(bench: &Bench) {
    bench.cloud.with(|world| {
        for (repository, tag) in [
            ("registry.shop.example/shop", "web-v1.4.0"),
            ("registry.shop.example/shop", "worker-v1.4.0"),
            ("registry.shop.example/shop", "migrate-v1.4.0"),
            ("registry.shop.example/library", "v1.1.0"),
        ] {
            world.registry.delete_tag(repository, tag);
        }
    });
}

fn short_secret(bench: &Bench) {
    bench.cloud.with(|world| world.person("shop").rotate_secret("/shop/bypass", "short"));
}

fn no_distributions(bench: &Bench) {
    bench.cloud.with(|world| world.regions[0].distributions.clear());
}

fn no_listener(bench: &Bench) {
    bench.cloud.with(|world| world.regions[0].listeners.clear());
}

fn no_database(bench: &Bench) {
    bench.cloud.with(|world| world.regions[0].databases.clear());
}

fn no_network(bench: &Bench) {
    bench.cloud.with(|world| world.person("shop").delete_service("web"));
}

fn no_bucket(bench: &Bench) {
    bench.cloud.with(|world| drop(world.buckets.remove("shop-client")));
}

/// A way down: how it is declared, and the state that it leads to.
type Way = (&'static str, fn(&mut Bench), State);

const WAYS: [Way; 4] = [
    ("stopped", |bench| bench.spec.state = State::Stopped, State::Stopped),
    ("db-only", |bench| bench.spec.state = State::DbOnly, State::DbOnly),
    ("restricted", |bench| bench.spec.state = State::Restricted, State::Restricted),
    ("at night", at_night, State::Stopped),
];

fn at_night(bench: &mut Bench) {
    bench.spec.schedule = Some(Schedule {
        timezone: Tz::UTC,
        start: vec![Crontab::parse("0 7 * * *").unwrap()],
        stop: vec![Crontab::parse("30 9 * * *").unwrap()],
        holidays: Vec::new(),
        except: Vec::new(),
        also: Vec::new(),
    });
    bench.pass(3600);
}

/// Services that are not up in a state and that still ask for tasks or have some.
fn left(bench: &Bench, state: State) -> Vec<String> {
    bench.cloud.with(|world| {
        let region = &world.regions[0];
        let down = bench.spec.services.iter().filter(|(_, service)| !bench.spec.is_up_in(service, state));
        let left = down.filter(|(name, _)| {
            let key = format!("shop/{name}");
            let asks = region.services.get(&key).is_some_and(|service| service.desired > 0);
            let live = |task: &crate::sim::SimTask| {
                task.service.as_ref() == Some(&key) && task.shown.status != crate::cloud::TaskStatus::Stopped
            };
            asks || region.tasks.values().any(live)
        });
        left.map(|(name, _)| name.to_string()).collect()
    })
}

/// Rules of gated services that users get through.
fn open_rules(bench: &Bench, state: State) -> Vec<u32> {
    bench.cloud.with(|world| {
        let region = &world.regions[0];
        let rules = region.listeners.iter().flat_map(|listener| &listener.rules);
        // Behind the rule of a service that was deleted is nothing that could be reached.
        let leads_somewhere = |groups: &[String]| {
            let mut behind = region.services.values().flat_map(|service| &service.target_groups);
            groups.is_empty() || behind.any(|group| groups.contains(group))
        };
        let rules = rules.filter(|rule| leads_somewhere(rule.target_groups()));
        // `admin` is kept open while it is up.
        let gated = rules.filter(|rule| rule.priority != 10 || state == State::Stopped);
        gated.filter(|rule| !rule.asks_for("x-bypass")).map(|rule| rule.priority).collect()
    })
}

/// Whether something that needs nothing but `needs` must come about although `taken` is away.
fn comes_about(kind: &ActionKind, taken: Need) -> bool {
    !kind.needs().contains(&taken)
}

#[test]
fn whatever_is_taken_away_what_does_not_need_it_goes_down() {
    for Taken { what, need, take } in TAKEN {
        for (way, go, state) in WAYS {
            let mut bench = Bench::converged();
            take(&bench);
            go(&mut bench);
            let run = bench.run();
            let said = format!("{way}, {what}: {:?} {:#?} {:#?}", run.outcome, run.blocked, run.steps);
            let stop = ActionKind::StopService { service: "web".into(), scaling: None };
            if comes_about(&stop, *need) {
                assert_eq!(left(&bench, state), [""; 0], "{said}");
            }
            if comes_about(&closes(Vec::new(), false), *need) {
                assert_eq!(open_rules(&bench, state), [0; 0], "{said}");
            }
            if comes_about(&closes(Vec::new(), true), *need) {
                let closed = bench.cloud.with(|world| world.regions[0].functions["shop-gate"].redirects());
                assert!(closed, "the function is open: {said}");
            }
            if state == State::Stopped && comes_about(&ActionKind::StopDatabase, *need) {
                let status =
                    bench.cloud.with(|world| world.regions[0].databases["shop"].shown.status.clone());
                assert_eq!(status, DatabaseStatus::Stopped, "{said}");
            }
            bench.assert_clean();
        }
    }
}

#[test]
fn a_service_without_an_active_revision_stops_and_that_is_no_failure() {
    let mut bench = Bench::converged();
    deregister(&bench, "web");
    bench.spec.state = State::Stopped;
    let plan = bench.plan();
    assert!(plan.blocked.is_empty(), "{:#?}", plan.blocked);
    let notes = plan.notes.join("\n");
    assert!(
        notes.contains("service `web`: the task-definition family `web` has no ACTIVE revision"),
        "{notes}"
    );
    let run = bench.run();
    assert_eq!(run.outcome, Some(RunOutcome::Converged), "{:#?}", run.blocked);
    // Coming up needs the definition.
    bench.spec.state = State::Running;
    let run = bench.run();
    assert_eq!(run.outcome, Some(RunOutcome::Blocked));
    assert!(
        run.blocked.iter().any(|it| it.reason == BlockedReason::Unreadable && it.message.contains("`web`"))
    );
    assert!(!left(&bench, State::Stopped).contains(&"web".to_owned()), "{:#?}", run.steps);
}

#[test]
fn a_gate_that_was_closed_without_its_secret_lets_nobody_in_and_takes_the_secret_when_it_comes_back() {
    let mut bench = Bench::converged();
    let secret = bench.cloud.with(|world| world.regions[0].secrets["/shop/bypass"].clone());
    denied(&bench, "ssm:GetParameter");
    bench.spec.state = State::Restricted;
    let plan = bench.plan();
    assert!(plan.blocked.iter().any(|it| it.reason == BlockedReason::BypassSecret), "{:#?}", plan.blocked);
    bench.run();
    let notes = bench.plan().notes.join("\n");
    assert!(notes.contains("the gate stays closed with the value that it has"), "{notes}");
    assert_eq!(open_rules(&bench, State::Restricted), [0; 0]);
    let values = |bench: &Bench| -> Vec<String> {
        bench.cloud.with(|world| {
            let rules = world.regions[0].listeners[0].rules.iter().flat_map(|rule| &rule.conditions);
            rules.filter(|it| it.is_header("x-bypass")).flat_map(|it| it.values.clone()).collect()
        })
    };
    assert!(values(&bench).iter().all(|value| value.len() == 64 && *value != secret));
    bench.cloud.faults(|faults| faults.heal());
    assert_eq!(bench.run().outcome, Some(RunOutcome::Converged));
    assert!(values(&bench).iter().all(|value| *value == secret));
    bench.assert_clean();
}

#[test]
fn without_a_drain_the_gate_is_still_tested_from_outside_before_anything_stops() {
    let drained = |seconds: u64| {
        let mut bench = Bench::converged();
        bench.spec.maintenance.as_mut().unwrap().drain = std::time::Duration::from_secs(seconds);
        bench.spec.versions.insert("core".into(), "v1.5.0".into());
        // Users get through, whatever AWS says of its rules.
        let health = bench.spec.checks[0].url.to_string();
        bench.cloud.with(|world| world.script.answers.insert(health, 200));
        let before = (bench.count("ecs:UpdateService"), bench.count("ecs:RunTask"));
        let run = bench.run();
        assert_ne!(run.outcome, Some(RunOutcome::Converged), "drain {seconds}s");
        let why = run.failure().unwrap_or_default();
        assert!(why.contains("users still get through"), "drain {seconds}s: {why}");
        let after = (bench.count("ecs:UpdateService"), bench.count("ecs:RunTask"));
        assert_eq!(after, before, "drain {seconds}s: nothing is stopped, nothing is migrated");
    };
    drained(0);
    drained(60);
}
