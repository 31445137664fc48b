//! Services, the database and sites, as they are and as they are missing.

use crate::bench::Bench;
use crate::cloud::Kind;
use crate::observe::{DatabaseSeen, Observed, SiteSeen};
use crate::plan::ActionKind;

fn site(bench: &Bench) -> Observed<SiteSeen> {
    bench.snapshot().sites["client"].clone()
}

fn database(bench: &Bench) -> Observed<DatabaseSeen> {
    bench.snapshot().database.expect("a database is declared")
}

#[test]
fn a_service_that_is_not_listed_is_absent() {
    let bench = Bench::new();
    bench.cloud.with(|world| world.regions[0].services.remove("shop/library"));
    let snapshot = bench.snapshot();
    assert_eq!(snapshot.services["library"], Observed::Absent);
    assert!(snapshot.services["web"].present().is_some(), "the others are as they were");
}

#[test]
fn undeclared_services_are_named() {
    let bench = Bench::new();
    assert_eq!(bench.snapshot().unmanaged, []);
    bench.cloud.with(|world| {
        let services = &mut world.regions[0].services;
        let mut stray = services["shop/library"].clone();
        stray.name = "stray".into();
        services.insert("shop/stray".to_owned(), stray);
    });
    assert_eq!(bench.snapshot().unmanaged, ["stray".into()]);
}

#[test]
fn a_newer_revision_is_seen_beside_the_deployed_one() {
    let bench = Bench::new();
    bench.cloud.with(|world| world.person("shop").revise("library", "cpu", serde_json::json!("512")));
    let snapshot = bench.snapshot();
    let library = snapshot.services["library"].present().unwrap();
    assert_eq!(library.newest.revision, library.definition.revision + 1);
}

#[test]
fn tasks_that_stopped_within_the_hour_are_seen_and_do_not_live() {
    let bench = Bench::new();
    bench.act(ActionKind::StopService { service: "workers".into(), scaling: None });
    let snapshot = bench.snapshot();
    let workers = snapshot.services["workers"].present().unwrap();
    assert_eq!((workers.tasks.len(), workers.live_tasks()), (1, 0));
}

#[test]
fn a_database_that_does_not_exist_is_absent() {
    let bench = Bench::new();
    bench.cloud.with(|world| world.regions[0].databases.clear());
    assert_eq!(database(&bench), Observed::Absent);
}

#[test]
fn a_database_of_the_other_kind_is_another_database() {
    let bench = Bench::new();
    bench.cloud.with(|world| world.regions[0].databases.get_mut("shop").unwrap().cluster = true);
    assert_eq!(database(&bench), Observed::Absent);
}

#[test]
fn snapshots_are_the_manual_ones_oldest_first() {
    let bench = Bench::new();
    bench.cloud.with(|world| world.person("shop").take_snapshot("b-first"));
    bench.pass(600);
    bench.cloud.with(|world| world.person("shop").take_snapshot("a-second"));
    bench.pass(600);
    bench.cloud.with(|world| {
        let database = world.regions[0].databases.get_mut("shop").unwrap();
        let mut backup = database.snapshots["b-first"].clone();
        backup.shown.identifier = "rds:backup".to_owned();
        backup.shown.manual = false;
        database.snapshots.insert("rds:backup".to_owned(), backup);
    });
    let Observed::Present(seen) = database(&bench) else { panic!() };
    let names: Vec<&str> = seen.snapshots.iter().map(|snapshot| snapshot.identifier.as_str()).collect();
    assert_eq!(names, ["b-first", "a-second"]);
}

#[test]
fn a_migration_family_without_a_revision_is_absent() {
    let bench = Bench::new();
    bench.cloud.with(|world| world.regions[0].definitions.remove("migrate"));
    assert_eq!(bench.snapshot().migration, Some(Observed::Absent));
}

#[test]
fn a_release_is_looked_for_until_it_is_live() {
    let bench = Bench::new();
    let Observed::Present(seen) = site(&bench) else { panic!() };
    assert_eq!((seen.release_exists, seen.marker.live), (Some(true), None));
    assert_eq!(seen.distribution.as_deref(), Some("E2SHOP"));
    let switch = ActionKind::SwitchSite {
        site: "client".into(),
        source: "s3://shop-releases/client/v1.4.0/".to_owned(),
        version: "v1.4.0".into(),
    };
    bench.act(switch);
    let Observed::Present(seen) = site(&bench) else { panic!() };
    assert_eq!(seen.release_exists, None, "not asked");
    assert_eq!(seen.marker.live.unwrap().version, "v1.4.0".into());
}

#[test]
fn a_release_that_was_never_uploaded_is_not_there() {
    let missing = |spec: &mut crate::spec::EnvironmentSpec| {
        spec.versions.insert("client".into(), "v9.9.9-missing".into());
    };
    let Observed::Present(seen) = site(&Bench::with(missing)) else { panic!() };
    assert_eq!(seen.release_exists, Some(false));
    let nowhere = |spec: &mut crate::spec::EnvironmentSpec| {
        let site = spec.sites.get_mut("client").unwrap();
        site.source = crate::spec::Template::parse("s3://no-such-bucket/{client}/").unwrap();
    };
    let bench = Bench::with(nowhere);
    bench.cloud.with(|world| world.buckets.remove("no-such-bucket"));
    let Observed::Present(seen) = site(&bench) else { panic!() };
    assert_eq!(seen.release_exists, Some(false));
}

#[test]
fn a_bucket_that_does_not_exist_is_absent_and_a_forbidden_one_is_not() {
    let bench = Bench::new();
    bench.fault("s3:GetObject", 1, Kind::AccessDenied);
    assert!(matches!(site(&bench), Observed::Unreadable { .. }));
    bench.cloud.with(|world| world.buckets.remove("shop-client"));
    assert_eq!(site(&bench), Observed::Absent);
}

#[test]
fn what_is_not_deployed_has_no_release_to_look_for() {
    let bench = Bench::with(|spec| {
        spec.versions.insert("client".into(), "".into());
    });
    let Observed::Present(seen) = site(&bench) else { panic!() };
    assert_eq!(seen.release_exists, None);
}

#[test]
fn the_account_is_the_credentials_own() {
    let bench = Bench::new();
    assert_eq!(bench.snapshot().account, Observed::Present("123456789012".to_owned()));
    bench.cloud.with(|world| world.regions[0].caller = Some("999999999999".to_owned()));
    assert_eq!(bench.snapshot().account, Observed::Present("999999999999".to_owned()));
}
