use std::sync::Arc;

use super::*;
use crate::clock::Clock as _;
use crate::sim::SimClock;
use crate::sim::samples::{PRODUCTION, graasp, pass, start};

#[test]
fn a_saved_world_goes_on_as_the_first_would_have() {
    let folder = tempfile::tempdir().unwrap();
    let home = WorldFolder::new(folder.path().join("sim"));
    let mut world = home.open(&[graasp()], 1, start()).unwrap();
    world.person(PRODUCTION).redeploy("graasp");
    pass(&mut world, 20);
    home.save(&world).unwrap();
    let mut again = home.open(&[graasp()], 99, start()).unwrap();
    assert_eq!(again.now(), world.now());
    for world in [&mut world, &mut again] {
        pass(world, 600);
    }
    assert_eq!(serde_json::to_value(&world).unwrap(), serde_json::to_value(&again).unwrap());
}

/// A world that is kept in this folder and has gone through so many changes; after each, what it looked like.
fn kept(home: &WorldFolder, changes: u32) -> Vec<serde_json::Value> {
    let world = home.open(&[graasp()], 1, start()).unwrap();
    let clock = SimClock::new(world.now());
    let cloud = SimCloud::new(world, Arc::new(clock.clone()));
    home.keep(&cloud).unwrap();
    let mut seen = vec![cloud.with(|world| serde_json::to_value(&*world).unwrap())];
    for change in 0..changes {
        clock.advance(std::time::Duration::from_secs(u64::from(change) * 7));
        cloud.with(|world| match change % 4 {
            0 => world.person(PRODUCTION).redeploy("graasp"),
            1 => world.person(PRODUCTION).scale("graasp", change),
            _ => {}
        });
        seen.push(cloud.with(|world| serde_json::to_value(&*world).unwrap()));
        assert_eq!(clock.now(), cloud.with(|world| world.now()));
    }
    seen
}

#[test]
fn a_process_killed_at_any_byte_of_the_log_leaves_a_world_that_it_had() {
    let folder = tempfile::tempdir().unwrap();
    let home = WorldFolder::new(folder.path());
    let seen = kept(&home, 24);
    let log = fs::read(folder.path().join(LOG)).unwrap();
    let look = || serde_json::to_value(home.look(&[], 1, start()).unwrap()).unwrap();
    assert_eq!(look(), seen[24], "whole");
    let mut last = 0;
    for cut in (0..=log.len()).step_by(211).chain([log.len()]) {
        fs::write(folder.path().join(LOG), &log[..cut]).unwrap();
        let world = look();
        let place = seen.iter().rposition(|other| *other == world).expect("a world that was there");
        assert!(place >= last, "a longer log is no earlier world");
        last = place;
    }
    assert_eq!(last, 24);
}

#[test]
fn what_is_declared_later_is_saved_like_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let home = WorldFolder::new(folder.path());
    let world = home.open(&[], 1, start()).unwrap();
    let cloud = SimCloud::new(world, Arc::new(SimClock::new(start())));
    home.keep(&cloud).unwrap();
    cloud.with(|world| world.declare(&[graasp()], &Age::OneBehind));
    cloud.with(|world| world.person(PRODUCTION).scale("graasp", 5));
    let saved = serde_json::to_value(home.look(&[], 1, start()).unwrap()).unwrap();
    assert_eq!(saved, cloud.with(|world| serde_json::to_value(&*world).unwrap()));
}

#[test]
fn a_log_of_another_world_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let home = WorldFolder::new(folder.path());
    kept(&home, 4);
    let other = World::new(7, start());
    home.save(&other).unwrap();
    assert_eq!(
        serde_json::to_value(home.look(&[], 1, start()).unwrap()).unwrap(),
        serde_json::to_value(&other).unwrap()
    );
}

#[test]
fn an_effect_writes_what_it_changes_and_not_the_world() {
    let folder = tempfile::tempdir().unwrap();
    let home = WorldFolder::new(folder.path());
    kept(&home, 1);
    let whole = fs::metadata(folder.path().join(FILE)).unwrap().len();
    let world = home.open(&[], 1, start()).unwrap();
    let cloud = SimCloud::new(world, Arc::new(SimClock::new(start())));
    home.keep(&cloud).unwrap();
    let log = || fs::metadata(folder.path().join(LOG)).unwrap().len();
    let before = log();
    for count in 0..50 {
        cloud.with(|world| world.person(PRODUCTION).scale("graasp", count % 3));
    }
    let each = (log() - before) / 50;
    assert!(each > 0 && each * 10 < whole, "{each} bytes an effect; the world has {whole}");
    let files: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(files.len(), 2, "{files:?}");
}

#[test]
fn a_file_that_is_no_world_says_so() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(FILE), "{").unwrap();
    let error = WorldFolder::new(folder.path()).open(&[], 1, start()).map(drop).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    assert!(error.to_string().contains("begin with a new world"), "{error}");
}
