//! What may be done of a plan: everything in `enforce`; in `observe` only watching what is under way.

use crate::model::Mode;
use crate::plan::{Action, Plan};

/// The actions that may be carried out now.
pub(super) fn permitted(plan: &Plan) -> &[Action] {
    let frontier = plan.frontier();
    let only_watches = frontier.iter().all(Action::is_watching);
    match plan.mode {
        Mode::Enforce => frontier,
        Mode::Observe if only_watches => frontier,
        Mode::Observe => &[],
    }
}
