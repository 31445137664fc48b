//! The log that is kept of a migration: of the container that counts, or why there is none.

use super::*;

#[test]
fn the_log_that_is_kept_is_the_migrations_own() {
    let bench = ending([sim::Outcome::Exit { code: 1, partial: false }]);
    bench.cloud.with(|world| world.person("shop").add_container("migrate", "proxy", None));
    let why = failure(act(&bench));
    assert!(why.contains("exit code 1"), "{why}");
    let Outcome { log_tail, log_unread, .. } = outcome(&bench);
    assert_eq!((log_tail.last().map(String::as_str), log_unread), (Some("migrations: rollback"), None));
    assert!(log_tail.iter().all(|line| !line.contains("proxy")), "{log_tail:?}");
    let written = bench.cloud.with(|world| world.regions[0].sidecar_logs.values().flatten().count());
    assert_eq!(written, 1, "the proxy has written a log, too");
}

#[test]
fn a_container_without_a_log_driver_is_reported_as_such() {
    let bench = ending([sim::Outcome::Exit { code: 1, partial: false }]);
    bench.cloud.with(|world| {
        let definition = world.regions[0].definitions.get_mut("migrate").unwrap().last_mut().unwrap();
        let mut text = definition.document.expose().clone();
        text["containerDefinitions"][0].as_object_mut().unwrap().remove("logConfiguration");
        definition.document = crate::cloud::Document::new(text);
    });
    failure(act(&bench));
    let why = outcome(&bench).log_unread.unwrap();
    assert_eq!(why, "the container `migrate` has no log driver (`logConfiguration`)");
    let plan = bench.plan();
    let blocked = plan.blocked.iter().find(|blocked| blocked.message.contains("exit code 1")).unwrap();
    assert!(blocked.message.contains("\nits log could not be read: the container"), "{}", blocked.message);
}
