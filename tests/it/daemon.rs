//! The daemon as it runs: the real program on the simulated cloud, following a real repository.

mod host;
mod systemd;

use tidegate::daemon::mailbox;
use tidegate::model::EnvironmentName;
use tidegate::reconcile::{REQUEST, RunOutcome};
use tidegate::sim::{Outcome, WorldFolder};
use tidegate::store::Store as _;
use tidegate::store::journal::{OperatorCommand, OperatorRequest};

use crate::rig::TODAY;
use host::{Host, SHOP};

const READY: &[&str] = &["shop is as declared"];

#[test]
fn a_commit_becomes_a_release() {
    let host = Host::new();
    let mut daemon = host.start("1s");
    daemon.hear(READY);
    let revision = host.release("v1.5.0");
    daemon.hear(&["now applying revision", &revision[..7]]);
    daemon.hear(&["migration migrate: done"]);
    daemon.hear(READY);
    let newest = host.runs().swap_remove(0);
    assert_eq!(newest.outcome, Some(RunOutcome::Converged));
    assert_eq!(newest.revision.as_str(), revision);
    assert_eq!(newest.release.unwrap().to.as_str(), "v1.5.0");
}

#[test]
fn a_broken_commit_keeps_what_was_declared_before_and_says_so() {
    let host = Host::new();
    let mut daemon = host.start("1s");
    daemon.hear(READY);
    host.commit(&[("shop", Some(&SHOP.replace("cluster: shop", "clutser: shop")))]);
    daemon.hear(&[
        "ERROR",
        "`shop` has errors in",
        "still applying",
        "environments/shop.yaml:2:1",
        "(and 1 more)",
    ]);
    host.release("v1.5.0");
    daemon.hear(&["migration migrate: done"]);
    daemon.hear(READY);
}

#[test]
fn it_ends_on_a_signal_and_releases_every_lock() {
    for signal in ["TERM", "INT"] {
        let host = Host::new();
        let mut daemon = host.start("1h");
        daemon.hear(READY);
        daemon.signal(signal);
        let (status, told) = daemon.end();
        assert_eq!(status.code(), Some(0), "{told}");
        assert!(told.trim_end().ends_with("stopped; every lock is released"), "{told}");
        assert_eq!(host.store().lease_holder(&EnvironmentName::new("shop")).unwrap(), None);
        assert_eq!(mailbox::running(&host.store_root()).unwrap(), None);
    }
}

#[test]
fn the_next_start_resumes_an_interrupted_release() {
    let host = Host::new();
    let mut daemon = host.start("1s");
    daemon.hear(READY);
    host.release("v1.5.0");
    daemon.hear(&["traffic maintenance: open -> closed"]);
    let (status, told) = daemon.stop();
    assert_eq!(status.code(), Some(0), "{told}");
    let mut daemon = host.start("1s");
    daemon.hear(READY);
    daemon.stop();
    let world = WorldFolder::new(host.store_root().join("sim")).look(&[], 1, TODAY.parse().unwrap()).unwrap();
    let to: Vec<&str> = world.effects.iter().map(|effect| effect.to.as_str()).collect();
    assert_eq!(to, ["v1.4.0", "v1.5.0"], "each migration once");
    assert_eq!(world.violations_by_tidegate(), Vec::<&tidegate::sim::Violation>::new());
}

#[test]
fn a_poke_and_a_hangup_begin_a_pass_at_once() {
    let host = Host::new();
    let mut daemon = host.start("1h");
    daemon.hear(READY);
    host.release("v1.5.0");
    host.poke(None);
    daemon.hear(&["poked", "ann@laptop"]);
    daemon.hear(&["migration migrate: done"]);
    daemon.hear(READY);
    host.release("v1.6.0");
    daemon.signal("HUP");
    daemon.hear(&["poked", "SIGHUP"]);
    daemon.hear(&["migration migrate: done"]);
}

#[test]
fn a_pass_that_finds_nothing_logs_nothing() {
    let host = Host::new();
    let mut daemon = host.start("1h");
    daemon.hear(READY);
    for _ in 0..2 {
        host.poke(None);
        let heard = daemon.hear(&["poked"]);
        assert_eq!(heard.len(), 1, "{heard:#?}");
    }
    let (_, told) = daemon.stop();
    let after = told.split_once("is as declared").unwrap().1;
    assert_eq!(after.lines().skip(1).count(), 3, "two pokes and the end: {after}");
}

#[test]
fn a_store_has_one_daemon() {
    let host = Host::new();
    let mut daemon = host.start("1h");
    daemon.hear(READY);
    let (status, told) = host.start("1h").end();
    assert_eq!(status.code(), Some(1), "{told}");
    assert!(told.contains("error: another daemon uses the store"), "{told}");
    assert!(told.contains("hint: a store has one daemon"), "{told}");
    assert_eq!(daemon.stop().0.code(), Some(0));
}

/// The daemon keeps a simulated world as long as it runs: waiting for it would not end.
#[test]
fn apply_beside_the_daemon_of_a_simulated_world_ends_at_once_and_says_what_to_do() {
    let host = Host::new();
    let mut daemon = host.start("1h");
    daemon.hear(READY);
    let store = host.store_root().display().to_string();
    let place = ["--cloud", "sim", "--repo", &host.repository_path(), "--store", &store];
    let beside = host.run(&[&["apply", "shop"], place.as_slice()].concat());
    let told = String::from_utf8(beside.stderr).unwrap();
    assert_eq!(beside.status.code(), Some(1), "{told}");
    assert!(told.contains("uses the simulated world") && !told.contains("waiting:"), "{told}");
    // A command that is too long for its line stands on one of its own.
    let hint = told.lines().find_map(|line| Some(&line[line.find("tidegate poke ")?..])).expect(&told);
    let poked = host.run(&hint.split(' ').skip(1).collect::<Vec<_>>());
    assert_eq!(poked.status.code(), Some(0), "the hint is a command that works: {hint}");
    daemon.hear(&["poked"]);
    assert_eq!(daemon.stop().0.code(), Some(0));
    let alone = host.run(&[&["apply", "shop"], place.as_slice()].concat());
    assert_eq!(alone.status.code(), Some(0));
}

#[test]
fn a_release_that_failed_is_held_until_a_person_asks_for_another_try() {
    let host = Host::new();
    let mut daemon = host.start("1s");
    daemon.hear(READY);
    daemon.stop();
    let folder = WorldFolder::new(host.store_root().join("sim"));
    let mut world = folder.look(&[], 1, TODAY.parse().unwrap()).unwrap();
    world.script.migration("v1.5.0", [Outcome::Exit { code: 1, partial: false }]);
    folder.save(&world).unwrap();

    let mut daemon = host.start("1s");
    daemon.hear(READY);
    host.release("v1.5.0");
    daemon.hear(&["ERROR", "migration migrate: failed"]);
    daemon.hear(&["ERROR", "shop is held", "exit code 1", "users see the maintenance page"]);
    daemon.hear(&["hint", "tidegate retry shop"]);
    let request = OperatorRequest {
        who: "ann@laptop".to_owned(),
        reason: "seen to".to_owned(),
        command: OperatorCommand::Retry,
    };
    let request = serde_json::to_value(request).unwrap();
    host.store().put_record(&EnvironmentName::new("shop"), REQUEST, Some(&request)).unwrap();
    host.poke(None);
    daemon.hear(&["operator request journaled", "seen to"]);
    daemon.hear(&["migration migrate: done"]);
    daemon.hear(READY);
}

#[test]
fn an_environment_that_was_removed_is_logged_once_and_not_changed() {
    let host = Host::new();
    let mut daemon = host.start("1s");
    daemon.hear(READY);
    let other = SHOP.replace("shop", "kiosk");
    host.commit(&[("shop", None), ("kiosk", Some(&other))]);
    daemon.hear(&["WARN", "`shop` was removed from the repository"]);
    daemon.hear(&["kiosk is as declared"]);
    let runs = host.runs().len();
    let (_, told) = daemon.stop();
    assert!(!told.contains("`shop` is known to this store"), "{told}");

    let mut daemon = host.start("1h");
    daemon.hear(&["WARN", "`shop` is known to this store but not declared"]);
    daemon.hear(&["kiosk is as declared"]);
    host.poke(None);
    daemon.hear(&["poked"]);
    let (_, told) = daemon.stop();
    assert_eq!(told.matches("`shop`").count(), 1, "{told}");
    assert_eq!(host.runs().len(), runs);
}

#[test]
fn a_force_push_waits_for_a_person_even_across_a_restart() {
    let host = Host::new();
    let mut daemon = host.start("1s");
    daemon.hear(READY);
    let rewritten = host.rewrite(&[("shop", Some(&SHOP.replace("core: v1.4.0", "core: v1.5.0")))]);
    daemon.hear(&[
        "ERROR",
        "the branch was force-pushed",
        "still applying",
        &format!("--accept-revision {}", &rewritten[..7]),
    ]);
    daemon.stop();

    let mut daemon = host.start("1s");
    daemon.hear(&["`shop`", "is in force, since", "the store has kept it"]);
    daemon.hear(&["ERROR", "the branch was force-pushed", "still applying"]);
    host.poke(Some("0123456".to_owned()));
    daemon.hear(&["no force-pushed revision begins with `0123456`"]);
    host.poke(Some(rewritten[..7].to_owned()));
    let told = daemon.hear(&["now applying revision", &rewritten[..7]]);
    // The pass may be quicker than the line about its commit.
    if !told.iter().any(|line| line.contains("migration migrate: done")) {
        daemon.hear(&["migration migrate: done"]);
    }
}

#[test]
fn a_place_that_cannot_be_right_ends_it() {
    let host = Host::new();
    let nowhere = host.store_root();
    let (status, told) = host.start_at(nowhere.to_str().unwrap(), &[], &[]).end();
    assert_eq!(status.code(), Some(1), "{told}");
    assert!(told.contains("is not a git repository"), "{told}");
}

#[cfg(feature = "remotes")]
#[test]
fn a_remote_that_is_away_does_not_end_it() {
    let host = Host::new();
    // Nothing listens on the port for echo.
    let mut daemon = host.start_at("http://127.0.0.1:7/environments.git", &[], &[]);
    daemon.hear(&["ERROR", "cannot read the repository"]);
    assert_eq!(daemon.stop().0.code(), Some(0));
}
