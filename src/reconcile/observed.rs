//! The permitted part of a plan: in `enforce` every action; in `observe` only watching what already runs.

use crate::model::Mode;
use crate::plan::{Action, Plan};

/// The actions that may be carried out now.
pub(super) fn permitted(plan: &Plan) -> &[Action] {
    match plan.mode {
        Mode::Enforce => plan.frontier(),
        // Wherever it stands: what else would be done before it is not done, and must not keep us from watching.
        Mode::Observe => {
            let watched = plan.actions.iter().position(Action::only_watches);
            watched.map_or(&[], |index| &plan.actions[index..=index])
        }
    }
}
