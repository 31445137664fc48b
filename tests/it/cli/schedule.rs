//! `schedule`: the picture, the table and the JSON, without a cloud and without a store.

use serde_json::json;

use super::Machine;
use super::place::{NOON, Place};

/// A preview environment with a calendar beside its file.
fn with_holidays(machine: &Machine) -> String {
    let spec = "name: preview\naws: {region: eu-central-1, account: \"123456789012\"}\ncluster: preview\n\
                services: {web: {count: 2}}\nschedule:\n  timezone: Europe/Zurich\n  start: \"0 7 * * mon-fri\"\n  \
                stop: \"30 18 * * mon-fri\"\n  holidays: holidays.ics\n";
    let calendar = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Christmas\nDTSTART;VALUE=DATE:20261224\n\
                    DTEND;VALUE=DATE:20261227\nRRULE:FREQ=YEARLY\nEND:VEVENT\nEND:VCALENDAR\n";
    machine.write("repo/environments/preview.yaml", spec);
    machine.write("repo/environments/holidays.ics", calendar);
    machine.home().join("repo").display().to_string()
}

#[test]
fn a_fortnight_with_a_holiday_is_a_picture() {
    let machine = Machine::new();
    let repo = with_holidays(&machine);
    let from = "2032-12-20T00:00:00+01:00";
    let ended = machine.run(&["schedule", "preview", "--dir", &repo, "--from", from, "--days", "14"]);
    assert_eq!((ended.code, ended.err.as_str()), (0, ""));
    insta::assert_snapshot!(ended.out);
    assert!(!machine.home().join(".local").exists(), "it makes no store");
}

#[test]
fn a_calendar_has_its_say_in_the_json() {
    let machine = Machine::new();
    let repo = with_holidays(&machine);
    let from = "2032-12-22T12:00:00+01:00";
    let args = ["schedule", "preview", "--dir", &repo, "--from", from, "--days", "5", "--output", "json"];
    let changes: serde_json::Value = serde_json::from_str(&machine.run(&args).out).unwrap();
    let change = |at: &str, state: &str, because: &str| json!({"at": at, "state": state, "because": because});
    assert_eq!(
        changes,
        json!([
            change("2032-12-22T18:30:00+01:00", "stopped", "schedule"),
            change("2032-12-23T07:00:00+01:00", "running", "schedule"),
            change("2032-12-23T18:30:00+01:00", "stopped", "schedule"),
            change("2032-12-27T07:00:00+01:00", "running", "schedule"),
        ])
    );
}

#[test]
fn sleep_has_a_price_once_sizes_were_seen() {
    let place = Place::new("examples/scheduled", NOON);
    let args = ["schedule", "preview", "--from", NOON, "--days", "7"];
    let unseen = place.run(&args).out;
    assert!(unseen.contains("savings unknown: tidegate has not seen the sizes"), "{unseen}");
    assert_eq!(place.run(&["apply", "preview"]).code, 0);
    let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let seen = one_line(&place.run(&args).out);
    assert!(
        seen.contains(
            "USD, not counting database `preview` (size or price unknown); an estimate from list prices of"
        ),
        "{seen}"
    );
    let whole = one_line(&place.run(&[&args[..], &["--database-class", "db.t4g.small"]].concat()).out);
    assert!(whole.contains("USD; an estimate from list prices of"), "{whole}");
    let prices = "as_of = \"today\"\ncurrency = \"CHF\"\n[regions.us-east-1]\nfargate_vcpu_hour = 0\nfargate_gb_hour = 0\n";
    place.machine.write("prices.toml", &prices.replace("= 0\n", "= 0.0\n"));
    let file = place.machine.home().join("prices.toml").display().to_string();
    let free = one_line(&place.run(&[&args[..], &["--prices", &file]].concat()).out);
    assert!(
        free.contains(
            "saves about 0.00 CHF, not counting database `preview` (size or price unknown); an estimate from list prices of today"
        ),
        "{free}"
    );
    let broken = place.run(&[&args[..], &["--prices", "Cargo.toml"]].concat());
    assert_eq!(broken.code, 1);
    assert!(broken.err.contains("hint: write a file like"), "{}", broken.err);
}
