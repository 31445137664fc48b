//! The preflight, asked when nothing is due: each thing that a release needs, taken away.

mod database;
mod function;
mod refusals;

use crate::bench::Bench;
use crate::plan::Topic;
use crate::reconcile::preflight;
use crate::schedule::{Crontab, Schedule, Tz};
use crate::spec::EnvironmentSpec;

fn topics(bench: &Bench) -> Vec<Topic> {
    let (port, wanted) = (bench.port(), bench.wanted());
    let look = preflight(&*port, &bench.clock, &bench.store, &wanted);
    bench.clock.block_on(look).unwrap().unwrap().1
}

/// The topics that do not pass, and the first thing that each of them says.
fn said(bench: &Bench) -> Vec<(&'static str, String)> {
    let topics = topics(bench).into_iter();
    let said = topics.filter_map(|topic| {
        let problem = topic.problems.first().map(|problem| problem.message.clone());
        Some((topic.name, problem.or_else(|| topic.unverified.first().cloned())?))
    });
    said.collect()
}

fn edited(edit: impl FnOnce(&mut EnvironmentSpec)) -> Bench {
    let mut bench = Bench::converged();
    edit(&mut bench.spec);
    bench
}

#[test]
fn an_environment_at_rest_passes_in_every_declared_topic() {
    let bench = Bench::converged();
    let names: Vec<_> = topics(&bench).into_iter().map(|topic| topic.name).collect();
    assert_eq!(names, ["account", "services", "images", "migration", "database", "sites", "gate"]);
    assert_eq!(said(&bench), []);
}

#[test]
fn what_is_not_declared_is_no_topic() {
    let bench = edited(|spec| {
        (spec.migration, spec.maintenance, spec.database) = (None, None, None);
        spec.sites.clear();
    });
    let names: Vec<_> = topics(&bench).into_iter().map(|topic| topic.name).collect();
    assert_eq!(names, ["account", "services", "images"]);
}

#[test]
fn an_image_that_is_gone_is_no_reason_to_refuse_while_it_runs() {
    let mut bench = Bench::converged();
    for (version, refused) in [("v1.1.0", false), ("v9.9.9", true)] {
        bench.spec.versions.insert("library".into(), version.into());
        bench.cloud.with(|world| world.registry.delete_tag("registry.shop.example/library", version));
        let said = said(&bench);
        assert_eq!(
            said.first().is_some_and(|(topic, why)| *topic == "images" && why.contains(version)),
            refused,
            "{said:?}"
        );
    }
}

#[test]
fn a_container_that_no_definition_has_is_named_with_those_it_has() {
    let bench = edited(|spec| {
        let images = &mut spec.services.get_mut("web").unwrap().images;
        let template = images.remove("web").unwrap();
        images.insert("webb".into(), template);
    });
    let topics = topics(&bench);
    let services = topics.iter().find(|topic| topic.name == "services").unwrap();
    assert!(services.problems[0].message.contains("has no container `webb`"), "{services:?}");
    assert!(services.problems[0].hints[0].starts_with("did you mean `web`?"), "{services:?}");
    let plan = bench.plan();
    assert!(plan.actions.is_empty(), "nothing is rolled that would stay as it is: {:#?}", plan.actions);
}

#[test]
fn a_database_that_cannot_sleep_matters_to_what_sleeps() {
    let bench = Bench::converged();
    bench.cloud.with(|world| world.person("shop").add_replica());
    assert_eq!(said(&bench), []);
    let mut bench = bench;
    bench.spec.schedule = Some(Schedule {
        timezone: Tz::UTC,
        start: vec![Crontab::parse("0 7 * * *").unwrap()],
        stop: vec![Crontab::parse("0 19 * * *").unwrap()],
        holidays: Vec::new(),
        except: Vec::new(),
        also: Vec::new(),
    });
    assert_eq!(said(&bench)[0].0, "database");
}

#[test]
fn a_secret_that_cannot_be_used_is_the_gates() {
    let bench = Bench::converged();
    bench.cloud.with(|world| world.person("shop").rotate_secret("/shop/bypass", "too short"));
    assert_eq!(said(&bench)[0].0, "gate");
}
