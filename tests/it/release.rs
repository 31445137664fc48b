//! Whole releases, end to end, on the simulated cloud.

use tidegate::reconcile::RunOutcome;
use tidegate::sim::Age;

use crate::rig::{Rig, a_tuesday, environment, from_folder};

const SHOP: &str = include_str!("../cases/plan/shop.yaml");

#[test]
fn a_version_bump_becomes_a_whole_release() {
    let rig = Rig::new(&environment("shop", SHOP, a_tuesday()), &Age::OneBehind, 1, a_tuesday());
    let run = rig.apply();
    println!("{run:#?}");
    assert_eq!(run.outcome, Some(RunOutcome::Converged), "{:#?}", rig.plan());
    rig.assert_clean("release");
    assert!(rig.plan().is_converged(), "{:#?}", rig.plan());
}

#[test]
fn production_of_graasp_is_brought_up_to_date() {
    let spec = from_folder(".", "production", a_tuesday());
    let mut now = a_tuesday();
    now -= chrono::TimeDelta::hours(5);
    let rig = Rig::new(&spec, &Age::OneBehind, 1, now);
    let run = rig.apply();
    assert_eq!(run.outcome, Some(RunOutcome::Converged), "{run:#?} {:#?}", rig.plan());
    rig.assert_clean("release");
    assert!(rig.plan().is_converged(), "{:#?}", rig.plan());
}
