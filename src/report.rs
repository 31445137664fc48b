//! What people and programs read: plans, status, history. Values in, text out; no terminal, no clock.
//!
//! Text carries colour codes, which the stream removes where nobody would see them; its meaning never hangs
//! on them. JSON has types of its own (`json`), so that the inner ones may change freely.

pub mod diff;
pub mod json;
pub(crate) mod labels;
pub mod markdown;
pub mod overrides;
pub mod preflight;
pub mod run;
pub mod schedule;
mod standing;
pub mod status;
pub(crate) mod table;
pub mod text;
pub mod time_format;

use std::collections::BTreeMap;

use crate::model::{EnvironmentName, Instant, Revision, ServiceName};
use crate::plan::{Plan, Topic};
use crate::reconcile::{ActiveOverrides, Later};
use crate::schedule::{Override, Tz};

/// A plan with what is needed to show it.
#[derive(Clone, Debug)]
pub struct PlanView<'a> {
    /// Whose plan.
    pub environment: &'a EnvironmentName,
    /// The plan.
    pub plan: &'a Plan,
    /// The revision last reached, if any.
    pub before: Option<&'a Revision>,
    /// When it was made.
    pub now: Instant,
    /// The zone in which its readers think.
    pub zone: Tz,
    /// What changes inside definitions: lines by service, secrets left out.
    pub diffs: BTreeMap<ServiceName, Vec<String>>,
    /// What would be done when the wait for a window or for the morning is over.
    pub later: Option<&'a Later>,
    /// `override:` in git.
    pub git_override: Option<&'a Override>,
    /// What people have set for a while.
    pub standing: &'a ActiveOverrides,
    /// What a release needs, if that was looked at, too.
    pub preflight: Option<&'a [Topic]>,
}
