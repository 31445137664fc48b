use chrono::TimeDelta;

use super::{Prices, text};
use crate::model::{Instant, ServiceName, State};
use crate::reconcile::{Sizes, TaskSize};
use crate::report::{ScheduleView, time_format};
use crate::schedule::{Because, Override, StateInputs, Tz};
use crate::spec::EnvironmentSpec;

const SHOP: &str = include_str!("../../../tests/cases/plan/shop.yaml");

/// The shop with these lines added.
fn shop(more: &str) -> EnvironmentSpec {
    let file = ("environments/shop.yaml".to_owned(), format!("{SHOP}\n{more}\n").into_bytes());
    let mut declared = crate::spec::read(&[file].into(), "environments", at("2026-11-23T00:00:00Z"));
    declared.environments.remove("shop").unwrap_or_else(|| panic!("{:?}", declared.diagnostics))
}

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

fn sizes() -> Sizes {
    let task = TaskSize { vcpu: 1.0, memory_gb: 2.0 };
    let services = ["web", "workers", "library", "admin", "cache"];
    Sizes {
        services: services.map(|name| (ServiceName::new(name), task)).into(),
        database_class: Some("db.t4g.small".to_owned()),
    }
}

fn shown(spec: &EnvironmentSpec, runtime: Option<&Override>, from: &str, days: i64, zone: Tz) -> String {
    let prices = Prices::built_in();
    let view = ScheduleView {
        spec,
        inputs: StateInputs {
            state: spec.state,
            schedule: spec.schedule.as_ref(),
            git_override: None,
            runtime_override: runtime,
        },
        override_since: runtime.map(|_| at("2026-11-24T08:00:00Z")),
        from: at(from),
        to: at(from) + TimeDelta::days(days),
        now: at(from),
        zone,
        page: &crate::report::page::PLAIN,
        sizes: sizes(),
        prices: &prices,
    };
    anstream::adapter::strip_str(&text(&view)).to_string()
}

const HOURS: &str = "schedule: {timezone: Europe/Zurich, start: \"0 7 * * mon-fri\", stop: \"30 18 * * mon-fri\", except: [\"2026-11-26\"], also: [\"2026-11-28 09:00..17:00\"]}";

#[test]
fn a_week_is_a_picture() {
    let tonight =
        Override { state: State::Running, until: at("2026-11-24T21:00:00Z"), reason: "load test".to_owned() };
    insta::assert_snapshot!(shown(
        &shop(HOURS),
        Some(&tonight),
        "2026-11-24T09:12:00Z",
        7,
        Tz::Europe__Zurich
    ));
}

#[test]
fn clocks_that_are_set_are_shown_as_they_go() {
    let night = "schedule: {timezone: Europe/Zurich, start: \"0 1 * * *\", stop: \"0 4 * * *\"}";
    let spring = shown(&shop(night), None, "2027-03-27T12:00:00Z", 2, Tz::Europe__Zurich);
    let autumn = shown(&shop(night), None, "2027-10-30T12:00:00Z", 2, Tz::Europe__Zurich);
    assert!(spring.contains("Sun 28 Mar  ··██  ██") && spring.contains("2 h\n"), "{spring}");
    assert!(autumn.contains("Sun 31 Oct  ··██████") && autumn.contains("4 h\n"), "{autumn}");
}

#[test]
fn nothing_is_wider_than_a_narrow_terminal() {
    let text = shown(&shop(HOURS), None, "2026-11-24T09:12:00Z", 40, Tz::Europe__Zurich);
    let picture = text.lines().take_while(|line| !line.contains("running"));
    let widest =
        picture.chain(text.lines().filter(|line| line.contains('█'))).map(|line| line.chars().count());
    assert!(widest.max() <= Some(78), "{text}");
    assert!(text.contains("… and 5 more days"));
}

#[test]
fn what_never_sleeps_saves_nothing() {
    let text = shown(&shop(""), None, "2026-11-24T09:12:00Z", 7, Tz::UTC);
    assert!(text.contains("up 168 h of 7 d; asleep 0 h (0 %)\n") && !text.contains("saves"), "{text}");
}

#[test]
fn sleep_is_worth_what_its_hours_would_have_cost() {
    let region = &Prices::built_in().regions["eu-central-1"];
    // Six tasks: web has two.
    let hour = 6.0 * (region.fargate_vcpu_hour + 2.0 * region.fargate_gb_hour);
    let hour = hour + region.rds_instance_hour["db.t4g.small"];
    let night = "schedule: {timezone: UTC, start: \"0 12 * * *\", stop: \"0 0 * * *\"}";
    let text = shown(&shop(night), None, "2026-11-24T00:00:00Z", 10, Tz::UTC);
    assert!(text.contains(&format!("saves about {:.2} USD; an estimate", 120.0 * hour)), "{text}");
}

#[test]
fn prices_are_numbers() {
    for text in [
        "",
        "as_of = 1",
        "as_of=\"x\"\ncurrency=\"USD\"\n[regions.a]\nfargate_vcpu_hour=-1.0\nfargate_gb_hour=1.0",
    ] {
        assert!(Prices::read(text).is_err(), "{text}");
    }
    assert!(Prices::built_in().regions.len() >= 5);
    assert_eq!(time_format::because(Because::Calendar), "by calendar");
}
