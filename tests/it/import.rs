//! What is imported is valid and plans to nothing, whatever is there; and it is what a person would have written.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use tidegate::cloud::{Controller, DatabaseStatus, ScalableTarget, Suspended};
use tidegate::import::{ImportOptions, Imported, Survey, SurveyTarget, declare, survey};
use tidegate::model::{Mode, State, StoreId};
use tidegate::plan::Plan;
use tidegate::sim::{Age, Dice, PASSWORD};
use tidegate::spec::{self, EnvironmentSpec, SecretSource};
use tidegate::store::MemoryStore;

use crate::rig::{Repository, Rig, a_tuesday, environment, from_folder};

const SHOP: &str = include_str!("../cases/plan/shop.yaml");

/// Looks at the environment's cluster, as somebody who has never heard of its declaration.
fn look(rig: &Rig) -> Survey {
    let spec = rig.repository.spec();
    let cloud = rig.cloud.region(&spec.account, &spec.region);
    let place = SurveyTarget {
        account: spec.account.clone(),
        region: spec.region.clone(),
        assume_role: None,
        cluster: spec.cluster.clone(),
    };
    rig.clock.block_on(survey(&cloud, &rig.clock, place, &[])).unwrap()
}

/// The declaration as `validate` reads it.
fn read(text: &str) -> EnvironmentSpec {
    let name = text.lines().find_map(|line| line.strip_prefix("name: ")).unwrap();
    let files = BTreeMap::from([(format!("environments/{name}.yaml"), text.as_bytes().to_vec())]);
    let declared = spec::read(&files, "environments", a_tuesday());
    let said = spec::render(&declared.diagnostics, &files, 100);
    let spec = declared.environments.into_values().next();
    spec.unwrap_or_else(|| panic!("{said}\n{text}"))
}

/// Plans it in the same world, from a store that knows nothing.
fn plan(rig: &Rig, spec: &EnvironmentSpec) -> Plan {
    let repository = Repository::default();
    repository.commit(spec.clone());
    let store = Arc::new(MemoryStore::new(StoreId::new("6f1c1f5e-0000-4000-8000-000000000001")));
    let (clock, cloud, crash) = (rig.clock.clone(), rig.cloud.clone(), rig.crash.clone());
    Rig { machine: rig.machine.clone(), clock, cloud, store, repository, crash }.plan()
}

fn is_nothing(plan: &Plan) -> bool {
    plan.actions.is_empty() && plan.blocked.is_empty() && plan.drift.is_empty() && plan.waiting.is_empty()
}

/// Imports, and demands that nothing is to be done.
fn import(rig: &Rig, wishes: &ImportOptions) -> (Imported, EnvironmentSpec) {
    let imported = declare(&look(rig), wishes).unwrap();
    let spec = read(&imported.text);
    let plan = plan(rig, &spec);
    assert!(is_nothing(&plan), "{plan:#?}\n{}", imported.text);
    assert_eq!(spec.mode, Mode::Observe);
    assert!(!imported.text.contains(PASSWORD) && !imported.findings.concat().contains(PASSWORD));
    (imported, spec)
}

fn new() -> ImportOptions {
    ImportOptions::named("new")
}

/// Takes the `# ` away from the block that begins with this key.
fn taken(text: &str, key: &str) -> String {
    let mut inside = false;
    let lines = text.lines().map(|line| {
        let bare = line.strip_prefix("# ").unwrap_or(line);
        inside = bare.starts_with(key) || (inside && bare.starts_with(' ') && line.starts_with('#'));
        if inside { bare } else { line }
    });
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn every_environment_of_this_repository_is_imported_and_plans_to_nothing() {
    for (folder, name) in [
        (".", "production"),
        (".", "staging"),
        (".", "dev"),
        ("examples/minimal", "shop"),
        ("examples/migration", "library"),
        ("examples/scheduled", "preview"),
    ] {
        let declared = from_folder(folder, name, a_tuesday());
        for age in [Age::UpToDate, Age::OneBehind] {
            let rig = Rig::new(&declared, &age, 1, a_tuesday());
            let (_, spec) = import(&rig, &new());
            assert_eq!(spec.account, declared.account);
            assert!(spec.services.keys().eq(declared.services.keys()), "{name}");
            for (service, own) in &declared.services {
                let found = &spec.services[service];
                assert_eq!(
                    (found.count, found.autoscaling),
                    (own.count, own.autoscaling),
                    "{name}/{service}"
                );
            }
            assert_eq!(spec.database, declared.database, "{name}");
            // What was proposed is valid, too, and is what was declared.
            let Some(maintenance) = &declared.maintenance else { continue };
            let imported = declare(&look(&rig), &new()).unwrap();
            let spec = read(&taken(&imported.text, "maintenance:"));
            let found = spec.maintenance.unwrap();
            assert_eq!(found.load_balancer, maintenance.load_balancer);
            assert_eq!(found.page, maintenance.page);
            let Some(migration) = &declared.migration else { continue };
            let spec = read(&taken(&imported.text, "migration:"));
            let found = spec.migration.unwrap();
            assert_eq!((&found.task, found.images.len()), (&migration.task, 1), "{name}");
            let image = |spec: &EnvironmentSpec| {
                let migration = spec.migration.as_ref().unwrap();
                migration.images.values().next().unwrap().image(&spec.versions)
            };
            if age == Age::UpToDate {
                assert_eq!(image(&read(&taken(&imported.text, "migration:"))), image(&declared), "{name}");
            }
        }
    }
}

#[test]
fn production_is_written_as_a_person_would() {
    let declared = from_folder(".", "production", a_tuesday());
    let rig = Rig::new(&declared, &Age::UpToDate, 1, a_tuesday());
    let (imported, _) = import(&rig, &ImportOptions::named("production"));
    insta::assert_snapshot!(format!("{}\n---\n{}", imported.text, imported.findings.join("\n")));
}

#[test]
fn a_gate_is_declared_with_its_secret() {
    let declared = environment("shop", SHOP, a_tuesday());
    let rig = Rig::new(&declared, &Age::UpToDate, 1, a_tuesday());
    let wanted = declared.maintenance.as_ref().unwrap();
    let secret = Some(wanted.bypass.value_from.clone());
    let (_, spec) = import(&rig, &ImportOptions { secret: secret.clone(), ..new() });
    assert_eq!(spec.maintenance.unwrap().load_balancer, wanted.load_balancer);
    // Where it would have to be closed, it is only proposed.
    asleep(&rig);
    let (_, spec) = import(&rig, &ImportOptions { secret, ..new() });
    assert_eq!((spec.state, spec.maintenance), (State::Stopped, None));
}

/// tidegate has put it to sleep, and its store is lost.
fn asleep(rig: &Rig) {
    rig.edit(|spec| spec.state = State::Stopped);
    rig.converge(tidegate::reconcile::RunOutcome::Converged).unwrap();
}

#[test]
fn an_environment_that_sleeps_stays_asleep() {
    let declared = environment("shop", SHOP, a_tuesday());
    let rig = Rig::new(&declared, &Age::UpToDate, 1, a_tuesday());
    asleep(&rig);
    let (imported, spec) = import(&rig, &new());
    assert_eq!(spec.state, State::Stopped);
    assert_eq!(spec.database, declared.database);
    assert_eq!(spec.services.len(), declared.services.len(), "{}", imported.text);

    // Somebody starts the database: nothing is up but that.
    rig.cloud.with(|world| world.person("shop").start_database());
    rig.clock.advance(Duration::from_secs(900));
    let (_, spec) = import(&rig, &new());
    assert_eq!((spec.state, spec.database), (State::DbOnly, declared.database));
}

/// A stranger's database is never declared: a plan of `state: stopped` would stop it.
#[test]
fn a_database_that_is_only_a_guess_is_never_declared() {
    let declared = environment("shop", SHOP, a_tuesday());
    let rig = Rig::new(&declared, &Age::UpToDate, 1, a_tuesday());
    let survey_of = |named: &[(&str, &[&str])], cluster: &str| {
        let mut survey = look(&rig);
        let known = survey.databases.clone().unwrap();
        let database = known.first().unwrap().clone();
        survey.target.cluster = cluster.into();
        survey.mentions.clear();
        let mut listed = Vec::new();
        for (name, services) in named {
            let target = tidegate::spec::DatabaseTarget::Instance((*name).into());
            if !services.is_empty() {
                let services = services.iter().map(|name| (*name).into()).collect();
                survey.mentions.insert(target.clone(), services);
            }
            listed.push(tidegate::cloud::ListedDatabase { target, ..database.clone() });
        }
        survey.databases = Ok(listed);
        survey
    };
    type Named<'a> = &'a [(&'a str, &'a [&'a str])];
    let cases: [(Named<'_>, &str, bool); 6] = [
        // Its address, and no other one's, is in the services' environment: that is known.
        (&[("one", &["web"])], "shop", true),
        (&[("one", &["web"]), ("two", &[])], "shop", true),
        // The only one of an account; one of the same name; one that more services know than know another.
        (&[("one", &[])], "shop", false),
        (&[("shop", &[]), ("two", &[])], "shop", false),
        (&[("one", &["web", "workers"]), ("two", &["web"])], "shop", false),
        (&[("one", &["web"]), ("two", &["web"])], "shop", false),
    ];
    for (named, cluster, is_known) in cases {
        let survey = survey_of(named, cluster);
        for down in [false, true] {
            let mut survey = survey.clone();
            for service in survey.services.iter_mut().filter(|_| down) {
                service.live_tasks = 0;
                service.service.desired = 0;
            }
            let imported = declare(&survey, &new()).unwrap();
            assert_eq!(read(&imported.text).database.is_some(), is_known, "{}", imported.text);
            let asked = ImportOptions { database: Some(named[0].0.to_owned()), ..new() };
            let imported = declare(&survey, &asked).unwrap();
            assert!(read(&imported.text).database.is_some(), "{}", imported.text);
        }
    }
}

#[test]
fn nothing_of_the_past_is_needed() {
    let mut declared = environment("shop", SHOP, a_tuesday());
    declared.database = None;
    declared.migration = None;
    declared.maintenance = None;
    let rig = Rig::new(&declared, &Age::UpToDate, 1, a_tuesday());
    let (imported, spec) = import(&rig, &new());
    assert_eq!((spec.database, spec.maintenance), (None, None));
    assert!(imported.text.contains("# No database: there is no database in this account and region."));
    assert!(imported.text.contains("# No gate: no application load balancer is in front of the services."));
}

#[test]
fn what_a_moving_tag_runs_is_said_by_its_version() {
    let declared = environment("shop", SHOP, a_tuesday());
    let rig = Rig::new(&declared, &Age::UpToDate, 1, a_tuesday());
    rig.cloud.with(|world| {
        world.registry.copy_tag("registry.shop.example/shop", "web-v1.3.0", "web-latest", 1_000_000);
        world.person("shop").deploy("web", "web", "registry.shop.example/shop:web-latest");
    });
    rig.clock.advance(Duration::from_secs(3600));
    let (imported, spec) = import(&rig, &new());
    assert!(spec.services["web"].images.is_empty());
    let text = imported.text.replace("\n  # ", " ");
    assert!(text.contains("It points at web-v1.3.0 now; deploy that tag once"), "{text}");
}

/// What may have happened to a service before somebody imports it.
#[derive(Clone, Debug)]
enum Past {
    Count(u32),
    Target(u32, u32, bool),
    Controller(Controller),
    Image(&'static str),
}

fn past() -> impl Strategy<Value = Past> {
    prop_oneof![
        (0u32..5).prop_map(Past::Count),
        (0u32..4, 0u32..4, any::<bool>()).prop_map(|(min, more, off)| Past::Target(min, min + more, off)),
        prop_oneof![Just(Controller::CodeDeploy), Just(Controller::External), Just(Controller::Daemon)]
            .prop_map(Past::Controller),
        prop_oneof![
            Just("registry.example.org/shop:latest"),
            Just("registry.example.org/shop:web-v1.0.0-hotfix2"),
            Just("registry.example.org/other/shop:v0.9.0"),
            Just("shop/web:1.2.3"),
            Just("123456789012.dkr.ecr.eu-central-1.amazonaws.com/web:build_1.2.3_arm64"),
            Just("redis:7.2.1"),
            Just("registry.example.org:5000/redis"),
        ]
        .prop_map(Past::Image),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happened_before_the_import_plans_to_nothing(
        pasts in proptest::collection::vec((0usize..8, past()), 0..6),
        database_stopped in any::<bool>(),
        all_down in any::<bool>(),
        seed in 1u64..100,
    ) {
        let declared = environment("shop", SHOP, a_tuesday());
        let rig = Rig::new(&declared, &Age::UpToDate, seed, a_tuesday());
        let names: Vec<String> = declared.services.keys().map(ToString::to_string).collect();
        rig.cloud.with(|world| {
            // Nobody scales or rolls what somebody else controls.
            let (controllers, others): (Vec<_>, Vec<_>) =
                pasts.iter().partition(|(_, past)| matches!(past, Past::Controller(_)));
            for (index, past) in others {
                let name = names[index % names.len()].as_str();
                let key = format!("{}/{name}", declared.cluster);
                let container = declared.services[name].images.keys().next();
                let container = container.map_or(name, |container| container.as_str()).to_owned();
                match past {
                    Past::Count(count) => world.person("shop").scale(name, *count),
                    Past::Target(min, max, off) => {
                        let suspended = if *off { Suspended::ALL } else { Suspended::NONE };
                        let target = ScalableTarget { min: *min, max: *max, suspended };
                        let region = world.regions.iter_mut().find(|it| it.services.contains_key(&key)).unwrap();
                        if region.targets.contains_key(&key) {
                            world.person("shop").set_target(name, target);
                        }
                    }
                    Past::Controller(_) => {}
                    Past::Image(image) => world.person("shop").deploy(name, &container, image),
                }
            }
            if all_down {
                names.iter().for_each(|name| world.person("shop").scale(name, 0));
            }
            for (index, past) in controllers {
                let key = format!("{}/{}", declared.cluster, names[index % names.len()]);
                let region = world.regions.iter_mut().find(|it| it.services.contains_key(&key)).unwrap();
                if let Past::Controller(controller) = past {
                    region.services.get_mut(&key).unwrap().controller = *controller;
                }
            }
            if database_stopped {
                world.person("shop").stop_database();
            }
        });
        // Until every deployment has settled or failed.
        rig.clock.advance(Duration::from_secs(3 * 3600));
        let survey = look(&rig);
        let imported = declare(&survey, &new()).unwrap();
        let spec = read(&imported.text);
        let plan = plan(&rig, &spec);
        let is_unsettled = imported.findings.iter().any(|said| {
            said.contains("a plan waits until") || said.contains("a plan starts it again") || said.contains("shows this as drift")
        });
        prop_assert!(is_nothing(&plan) || is_unsettled, "{:#?}\n{}\n{:?}", plan, imported.text, imported.findings);
        prop_assert!(plan.blocked.is_empty(), "{:#?}\n{}", plan.blocked, imported.text);
        prop_assert!(!imported.text.contains(PASSWORD));
        // The same survey gives the same file, in whatever order things are listed.
        let mut turned = survey.clone();
        turned.services.reverse();
        turned.services.sort_by(|one, other| one.service.name.cmp(&other.service.name));
        if let Ok(databases) = &mut turned.databases {
            databases.reverse();
        }
        prop_assert_eq!(declare(&turned, &new()).unwrap(), imported);
    }
}

#[test]
fn databases_are_told_apart_by_who_knows_their_address() {
    let declared = environment("shop", SHOP, a_tuesday());
    let rig = Rig::new(&declared, &Age::UpToDate, 1, a_tuesday());
    let own = declared.database.clone().unwrap().target;
    // Another one beside it, of another platform.
    rig.cloud.with(|world| {
        let region = world.regions.iter_mut().find(|region| !region.databases.is_empty()).unwrap();
        let mut other = region.databases[own.identifier()].clone();
        other.shown.identifier = "aaa".to_owned();
        region.databases.insert("aaa".to_owned(), other);
    });
    let (imported, spec) = import(&rig, &new());
    assert_eq!(spec.database.unwrap().target, own);
    assert!(
        imported.findings.iter().any(|said| said.contains("its address is in the environment variables of"))
    );
    let (_, spec) = import(&rig, &ImportOptions { database: Some("AAA".to_owned()), ..new() });
    assert_eq!(spec.database.unwrap().target.identifier(), "aaa");
    let error =
        declare(&look(&rig), &ImportOptions { database: Some("bbb".to_owned()), ..new() }).unwrap_err();
    assert_eq!(error.to_string(), "there is no database `bbb` in this account and region");
    assert!(error.hint().unwrap().contains("instance `aaa`"));

    // Nobody names one: it is not guessed among several.
    let mut survey = look(&rig);
    survey.mentions.clear();
    let imported = declare(&survey, &new()).unwrap();
    if own.identifier() != declared.cluster.as_str() {
        assert_eq!(read(&imported.text).database, None);
        assert!(imported.text.contains("# database: {instance: aaa}  # a candidate"), "{}", imported.text);
    }
    // Nobody may list them: everything else is imported.
    survey.databases = Err("not authorized".to_owned());
    let imported = declare(&survey, &new()).unwrap();
    assert!(imported.text.contains("# No database: the databases could not be listed: not authorized."));
    // One that is stopped while services run would be started.
    let mut survey = look(&rig);
    for database in survey.databases.as_mut().unwrap() {
        database.status = DatabaseStatus::Stopped;
    }
    let imported = declare(&survey, &new()).unwrap();
    assert_eq!(read(&imported.text).database, None, "{}", imported.text);
}

#[test]
fn names_that_yaml_would_misread_come_back() {
    let declared = environment("shop", SHOP, a_tuesday());
    let rig = Rig::new(&declared, &Age::UpToDate, 1, a_tuesday());
    let mut survey = look(&rig);
    let mut dice = Dice::new(7);
    let names = ["on", "null", "1e3", "0x10", "007", "-", "_", "y", "12_345"];
    for (found, name) in survey.services.iter_mut().zip(names) {
        found.service.name = name.into();
        found.service.desired = 1 + u32::try_from(dice.below(3)).unwrap();
        found.scaling = None;
        let images = std::mem::take(&mut found.images);
        found.images = images.into_values().map(|image| (name.into(), image)).collect();
    }
    survey.target.account = "012345678901".to_owned();
    survey.target.cluster = "1_2".into();
    let wishes = ImportOptions {
        name: "new".into(),
        secret: Some(SecretSource::Ssm("012".to_owned())),
        bypass_header: Some("on".to_owned()),
        page: Some("https://m.example/?a=b#c".parse().unwrap()),
        ..new()
    };
    let spec = read(&declare(&survey, &wishes).unwrap().text);
    assert_eq!((spec.account.as_str(), spec.cluster.as_str()), ("012345678901", "1_2"));
    for (found, name) in survey.services.iter().zip(names) {
        assert_eq!(spec.services[name].count, found.service.desired, "{name}");
    }
    let gate = spec.maintenance.unwrap();
    assert_eq!(gate.bypass.value_from, SecretSource::Ssm("012".to_owned()));
    assert_eq!((gate.bypass.header.as_str(), gate.page.as_str()), ("on", "https://m.example/?a=b#c"));
}
