use super::*;
use crate::sim::samples::{PRODUCTION, database, pass, world};

fn status(world: &World) -> String {
    world.regions[0].databases["graasp-prod"].shown.status.to_string()
}

fn snapshot(world: &mut World, identifier: &str) -> Result<(), Refusal> {
    let tags = BTreeMap::from([("tidegate:snapshot".to_owned(), "v1/v2".to_owned())]);
    world.create_snapshot(0, &database(), identifier, &tags, Actor::Tidegate)
}

#[test]
fn stopping_and_starting_take_minutes_and_are_refused_meanwhile() {
    let mut world = world();
    assert_eq!(world.start_database(0, &database(), Actor::Tidegate).unwrap_err().kind, Kind::InvalidState);
    world.stop_database(0, &database(), Actor::Tidegate).unwrap();
    assert_eq!(status(&world), "stopping");
    for refused in [
        world.stop_database(0, &database(), Actor::Tidegate),
        world.start_database(0, &database(), Actor::Tidegate),
        snapshot(&mut world, "a"),
    ] {
        assert_eq!(refused.unwrap_err().kind, Kind::InvalidState);
    }
    pass(&mut world, 301);
    assert_eq!(status(&world), "stopped");
    world.start_database(0, &database(), Actor::Tidegate).unwrap();
    assert_eq!(status(&world), "starting");
    pass(&mut world, 481);
    assert_eq!(status(&world), "available");
}

#[test]
fn aws_starts_a_stopped_database_after_seven_days() {
    let mut world = world();
    world.stop_database(0, &database(), Actor::Tidegate).unwrap();
    pass(&mut world, 301);
    let at = world.regions[0].databases["graasp-prod"].shown.automatic_restart_at.unwrap();
    world.advance(at - TimeDelta::seconds(1));
    assert_eq!(status(&world), "stopped");
    pass(&mut world, 1);
    assert_eq!(status(&world), "starting");
    assert_eq!(world.regions[0].databases["graasp-prod"].shown.automatic_restart_at, None);
}

#[test]
fn the_seven_days_count_from_the_last_stop() {
    let mut world = world();
    for _ in 0..2 {
        world.stop_database(0, &database(), Actor::Tidegate).unwrap();
        pass(&mut world, 3 * 86_400);
        assert_eq!(status(&world), "stopped");
        world.start_database(0, &database(), Actor::Tidegate).unwrap();
        pass(&mut world, 3 * 86_400);
        assert_eq!(status(&world), "available");
    }
}

#[test]
fn a_snapshot_keeps_the_database_busy_and_carries_its_tags() {
    let mut world = world();
    snapshot(&mut world, "before-v2").unwrap();
    assert_eq!(status(&world), "backing-up");
    assert_eq!(world.stop_database(0, &database(), Actor::Tidegate).unwrap_err().kind, Kind::InvalidState);
    let shown =
        |world: &World| world.regions[0].databases["graasp-prod"].snapshots["before-v2"].shown.clone();
    assert_eq!(shown(&world).status, SnapshotStatus::Creating);
    let keys: Vec<String> = shown(&world).tags.into_keys().collect();
    assert_eq!(keys, ["managed-by", "tidegate:snapshot"], "copied from the database, and its own");
    pass(&mut world, 241);
    assert_eq!((status(&world).as_str(), shown(&world).status), ("available", SnapshotStatus::Available));
    assert_eq!(snapshot(&mut world, "before-v2").unwrap_err().kind, Kind::Conflict);
}

#[test]
fn identifiers_of_snapshots_allow_no_dots_and_no_double_hyphens() {
    for (identifier, fits) in [
        ("tidegate-v2-25-0", true),
        ("v2.25.0", false),
        ("a--b", false),
        ("a-", false),
        ("1a", false),
        ("", false),
    ] {
        assert_eq!(check_identifier(identifier).is_ok(), fits, "{identifier}");
    }
}

#[test]
fn a_database_with_replicas_cannot_be_stopped() {
    let mut world = world();
    world.person(PRODUCTION).add_replica();
    let refusal = world.stop_database(0, &database(), Actor::Tidegate).unwrap_err();
    assert_eq!(refusal.kind, Kind::InvalidState);
    assert!(refusal.message.contains("replicas"));
}

#[test]
fn tags_take_only_what_aws_allows() {
    let mut world = world();
    for (value, fits) in [("v1/v2/3", true), ("a b_c.d:e=f+g@h", true), ("v1→v2", false), ("a,b", false)] {
        let tagged = world.tag_database(0, &database(), "tidegate:migrating", Some(value));
        assert_eq!(tagged.is_ok(), fits, "{value}");
    }
    world.tag_database(0, &database(), "tidegate:migrating", None).unwrap();
    assert!(!world.regions[0].databases["graasp-prod"].shown.tags.contains_key("tidegate:migrating"));
}

#[test]
fn deleting_a_persons_snapshot_breaks_a_promise() {
    let mut world = world();
    snapshot(&mut world, "ours").unwrap();
    pass(&mut world, 300);
    world.person(PRODUCTION).take_snapshot("theirs");
    pass(&mut world, 300);
    for (identifier, violations) in [("ours", 0), ("theirs", 1)] {
        world.delete_snapshot(0, &database(), identifier, Actor::Tidegate).unwrap();
        assert_eq!(world.violations.len(), violations, "{identifier}");
    }
    let gone = world.delete_snapshot(0, &database(), "ours", Actor::Tidegate);
    assert_eq!(gone.unwrap_err().kind, Kind::NotFound);
}

#[test]
fn a_restored_snapshot_is_another_database_with_its_old_tags() {
    let mut world = world();
    let before = world.regions[0].databases["graasp-prod"].shown.clone();
    world.person(PRODUCTION).take_snapshot("before");
    pass(&mut world, 300);
    world.person(PRODUCTION).tag_database("tidegate:schema-version", Some("v9"));
    world.person(PRODUCTION).restore_snapshot("before");
    let after = &world.regions[0].databases["graasp-prod"].shown;
    assert_ne!(after.resource_id, before.resource_id);
    assert_eq!(after.tags, before.tags);
}
