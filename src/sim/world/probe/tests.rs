use super::*;
use crate::sim::Age;
use crate::sim::samples::{PRODUCTION, pass, small, start, world};

fn answers(world: &World, url: &str) -> Option<u16> {
    world.probe(0, &url.parse().unwrap(), None)
}

#[test]
fn a_url_answers_what_stands_behind_it() {
    let mut world = world();
    for (url, status) in [
        ("https://api.graasp.org/health", 200),
        ("https://go.graasp.org/", 302),
        ("https://unknown.graasp.org/", 302),
        ("https://assets.graasp.org/a.png", 200),
    ] {
        assert_eq!(answers(&world, url), Some(status), "{url}");
    }
    world.person(PRODUCTION).scale("graasp-library", 0);
    assert_eq!(answers(&world, "https://library.graasp.org/"), Some(503));
}

#[test]
fn a_new_task_answers_only_once_it_is_healthy() {
    let mut world = world();
    world.person(PRODUCTION).interrupt("graasp-library");
    assert_eq!(answers(&world, "https://library.graasp.org/"), Some(503));
    pass(&mut world, 300);
    assert_eq!(answers(&world, "https://library.graasp.org/"), Some(200));
}

#[test]
fn without_a_balancer_a_check_answers_while_everything_runs() {
    let mut world = World::from_spec(&[small()], &Age::UpToDate, 1, start());
    assert_eq!(answers(&world, "https://web.example.org/"), Some(200));
    world.person("small").interrupt("web");
    assert_eq!(answers(&world, "https://web.example.org/"), Some(503));
}

#[test]
fn a_scripted_answer_beats_all() {
    let mut world = world();
    world.script.answers.insert("https://api.graasp.org/".to_owned(), 500);
    assert_eq!(answers(&world, "https://api.graasp.org/health"), Some(500));
}
