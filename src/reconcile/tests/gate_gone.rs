//! Parts of the gate that disappear, at every boundary between two steps of a release: the plan says what is missing,
//! never that it is a defect of tidegate, and no migration begins.

use crate::bench::Bench;
use crate::plan::{ActionKind, BlockedReason, MigrationStart, Plan};
use crate::reconcile::RunOutcome;
use crate::sim::World;

/// A part of the gate, and how it disappears.
type Loss = (&'static str, fn(&mut World));

const GONE: [Loss; 5] = [
    ("the listener", |world| world.regions[0].listeners.clear()),
    ("every rule", |world| world.regions[0].listeners[0].rules.clear()),
    ("one rule", |world| world.regions[0].listeners[0].rules.retain(|rule| rule.priority != 20)),
    ("the function", |world| world.regions[0].functions.clear()),
    ("the distributions", |world| world.regions[0].distributions.clear()),
];

fn sends_a_migration(plan: &Plan) -> bool {
    let is_sent = |kind: &ActionKind| match kind {
        ActionKind::Migrate(migration) => !matches!(migration.start, MigrationStart::Adopt { .. }),
        _ => false,
    };
    plan.frontier().iter().any(|action| is_sent(&action.kind))
}

#[test]
fn what_is_missing_is_said_at_every_step_of_a_release() {
    let mut bench = Bench::converged();
    bench.spec.versions.insert("core".into(), "v1.5.0".into());
    let mut steps = 0;
    loop {
        let whole = bench.cloud.with(|world| world.clone());
        for (what, go) in GONE {
            bench.cloud.with(go);
            let plan = bench.plan();
            let at = plan.frontier().first().map(|action| action.id.clone());
            let said = format!("{what} is gone before step {steps} ({at:?}): {:#?}", plan.blocked);
            let reasons: Vec<BlockedReason> = plan.blocked.iter().map(|blocked| blocked.reason).collect();
            assert!(!reasons.contains(&BlockedReason::UnsafePlan), "{said}");
            if what == "the listener" {
                assert!(reasons.contains(&BlockedReason::Missing), "{said}");
                assert!(!sends_a_migration(&plan), "{said}");
                let named = plan.blocked.iter().any(|it| it.message.contains("load balancer `shop`"));
                assert!(named, "{said}");
            }
            bench.cloud.with(|world| *world = whole.clone());
        }
        let plan = bench.plan();
        if plan.actions.is_empty() {
            break;
        }
        for action in plan.frontier() {
            bench.act(action.kind.clone());
        }
        steps += 1;
        assert!(steps < 60, "the release does not end: {:#?}", plan.actions);
    }
    assert!(steps > 12, "a whole release has more steps than {steps}");
    assert_eq!(bench.run().outcome, Some(RunOutcome::Converged));
    bench.assert_clean();
}
