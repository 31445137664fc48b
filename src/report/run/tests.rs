use super::{json, summary};
use crate::model::{Instant, Revision, RunId};
use crate::reconcile::{Closure, ReleaseReport, Run, RunOutcome};
use crate::report::RunView;
use crate::report::page::PLAIN;
use crate::schedule::Tz;

fn at(minute: i64) -> Instant {
    Instant::from_timestamp(1_795_489_200 + 60 * minute, 0).unwrap()
}

fn run(outcome: Option<RunOutcome>) -> Run {
    Run {
        id: RunId::new("20261124T030000Z-000007"),
        environment: "production".into(),
        revision: Revision::commit("41d07e3aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
        holder: "daemon on host-7".to_owned(),
        started_at: at(0),
        finished_at: outcome.map(|_| at(9)),
        outcome,
        message: None,
        release: Some(ReleaseReport { from: "v1".into(), to: "v2".into(), given_up: false }),
        requests: Vec::new(),
        notes: Vec::new(),
        steps: vec![serde_json::from_value(serde_json::json!({
            "step": "close-gate", "started_at": at(0), "finished_at": at(1), "outcome": "done", "actions": [],
        }))
        .unwrap()],
        blocked: Vec::new(),
        waiting: Vec::new(),
    }
}

fn view<'a>(run: &'a Run, closures: &'a [Closure], is_running: bool) -> RunView<'a> {
    RunView { run, closures, is_running, now: at(5), zone: Tz::Europe__Zurich, page: &PLAIN }
}

fn plain(view: &RunView) -> String {
    anstream::adapter::strip_str(&summary(view)).to_string()
}

#[test]
fn a_run_without_an_end_goes_on_or_has_died() {
    let open = run(None);
    assert!(
        plain(&view(&open, &[], true)).starts_with("production  running after 5 min: 1 step, 0 actions\n")
    );
    assert_eq!(json(&view(&open, &[], true))["outcome"], "running");
    let died = plain(&view(&open, &[], false));
    assert!(died.starts_with("production  interrupted after 1 min"), "{died}");
    assert_eq!(json(&view(&open, &[], false))["outcome"], "interrupted");
}

#[test]
fn a_closing_belongs_to_every_run_that_it_touches() {
    let done = run(Some(RunOutcome::Converged));
    let earlier = Closure { since: at(-30), until: Some(at(-10)), on_purpose: None };
    for (closure, words, seconds) in [
        (
            Closure { since: at(1), until: Some(at(7)), on_purpose: None },
            "saw the maintenance page for 6 min",
            Some(360),
        ),
        (
            Closure { since: at(-5), until: Some(at(7)), on_purpose: None },
            "saw the maintenance page for 12 min",
            Some(720),
        ),
        (
            Closure { since: at(1), until: None, on_purpose: None },
            "see the maintenance page since Tue 2026-11-24 04:01 CET",
            None,
        ),
    ] {
        let closures = [earlier, closure];
        let view = view(&done, &closures, false);
        assert!(plain(&view).contains(words), "{}", plain(&view));
        assert_eq!(json(&view)["downtime_seconds"], serde_json::json!(seconds));
    }
    let untouched = [earlier, Closure { since: at(9), until: None, on_purpose: None }];
    assert!(!plain(&view(&done, &untouched, false)).contains("users"));
    assert_eq!(json(&view(&done, &untouched, false))["downtime_seconds"], 0);
}

#[test]
fn every_outcome_has_its_word() {
    use RunOutcome as Of;
    for outcome in [
        Of::Converged,
        Of::Window,
        Of::Observed,
        Of::Blocked,
        Of::Held,
        Of::Failed,
        Of::TimedOut,
        Of::Stopped,
        Of::Unmanaged,
    ] {
        let run = run(Some(outcome));
        let text = plain(&view(&run, &[], false));
        assert!(text.lines().count() >= 2 && text.starts_with("production  "), "{text}");
        assert_eq!(json(&view(&run, &[], false))["outcome"], outcome.as_str());
    }
}
