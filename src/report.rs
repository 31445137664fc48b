//! The texts and documents that people and programs read: plans, status, history, schedules. Each part turns a
//! value of `view` into text or JSON. This room uses no terminal and no clock.
//!
//! Text carries colour codes, and the stream removes them where they cannot be seen; no meaning depends on a
//! colour. JSON has types of its own (`json` and the `wire` files), so that the inner types may change freely.

pub mod diff;
pub mod json;
pub(crate) mod labels;
mod markdown;
mod obstacles;
pub mod overrides;
pub mod page;
pub mod plan;
pub mod preflight;
pub mod run;
pub mod schedule;
pub mod status;

pub mod time_format;
mod view;

pub use view::{HistoryView, OverrideView, PlanView, RunView, ScheduleView, StatusView};
