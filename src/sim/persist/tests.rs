use super::*;
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

#[test]
fn a_file_that_is_no_world_says_so() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(FILE), "{").unwrap();
    let error = WorldFolder::new(folder.path()).open(&[], 1, start()).map(drop).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    assert!(error.to_string().contains("begin with a new world"), "{error}");
}
