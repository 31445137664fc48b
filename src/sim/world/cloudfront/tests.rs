use super::*;
use crate::sim::samples::{pass, world};

const NAME: &str = "maintenance-check";

#[test]
fn an_update_quotes_the_etag_that_it_read() {
    let mut world = world();
    let first = world.regions[0].functions[NAME].etag.clone();
    let second = world.put_function(0, NAME, Some(&first), "new").unwrap();
    assert_ne!(first, second);
    assert_eq!(world.put_function(0, NAME, Some(&first), "newer").unwrap_err().kind, Kind::Conflict);
    assert_eq!(world.publish_function(0, NAME, &first).unwrap_err().kind, Kind::Conflict);
    assert_eq!(world.put_function(0, NAME, None, "again").unwrap_err().kind, Kind::Conflict);
    let live = |world: &World| world.regions[0].functions[NAME].live.clone().unwrap();
    assert_ne!(live(&world), "new", "only published code serves");
    world.publish_function(0, NAME, &second).unwrap();
    assert_eq!(live(&world), "new");
}

#[test]
fn only_a_published_function_is_associated_and_the_edges_take_minutes() {
    let mut world = world();
    let etag = world.put_function(0, "fresh", None, "code").unwrap();
    let associate = |world: &mut World| world.associate_function(0, "assets.graasp.org", "fresh");
    assert_eq!(associate(&mut world).unwrap_err().kind, Kind::Invalid);
    world.publish_function(0, "fresh", &etag).unwrap();
    associate(&mut world).unwrap();
    let shown = |world: &World| world.distribution(0, "assets.graasp.org").unwrap().shown();
    assert!(!shown(&world).deployed);
    assert!(shown(&world).behaviours.iter().all(|behaviour| behaviour.function.as_deref() == Some("fresh")));
    pass(&mut world, 301);
    assert!(shown(&world).deployed);
}

#[test]
fn a_function_does_not_stand_beside_lambda() {
    let mut world = world();
    let id = world.distribution(0, "h5p.graasp.org").unwrap().id.clone();
    world.regions[0].distributions.get_mut(&id).unwrap().behaviours[1].lambda = true;
    assert_eq!(world.associate_function(0, &id, NAME).unwrap_err().kind, Kind::Invalid);
}

#[test]
fn only_so_many_paths_are_in_progress() {
    let mut world = world();
    let wildcards: Vec<String> = (0..8).map(|number| format!("/{number}/*")).collect();
    world.invalidate(0, "E2EXAMPLE", &wildcards).unwrap();
    assert_eq!(world.invalidate(0, "E2EXAMPLE", &wildcards).unwrap_err().kind, Kind::Throttled);
    pass(&mut world, 121);
    world.invalidate(0, "E2EXAMPLE", &wildcards).unwrap();
    assert_eq!(world.invalidate(0, "E2EXAMPLE", &[]).unwrap_err().kind, Kind::Invalid);
    let exact: Vec<String> = (0..3000).map(|number| format!("/{number}")).collect();
    world.invalidate(0, "E2EXAMPLE", &exact).unwrap();
    assert_eq!(world.invalidate(0, "E2EXAMPLE", &exact[..1]).unwrap_err().kind, Kind::Throttled);
}

#[test]
fn paths_are_encoded_and_wildcards_stand_at_the_end() {
    let mut world = world();
    for path in ["/", "/*", "/a%20b/*", "/caf%C3%A9", "/it's+(fine)"] {
        world.invalidate(0, "E2EXAMPLE", &[path.to_owned()]).unwrap();
    }
    for path in ["", "a", "/a b", "/café", "/~a", "/%7ea", "/a*b", "/[id]", "/a|b", "/a\\b", "/a\"b"] {
        let refusal = world.invalidate(0, "E2EXAMPLE", &[path.to_owned()]).unwrap_err();
        assert_eq!(refusal.kind, Kind::Invalid, "{path}");
    }
}
