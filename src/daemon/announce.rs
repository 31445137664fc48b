//! Announcements: an override that ends soon, and, once a day, a suspension that lasts.
//!
//! Pure. The daemon remembers in memory what it has announced: after a restart it announces once more.

use chrono::TimeDelta;

use crate::model::{Instant, State};
use crate::reconcile::ActiveOverrides;
use crate::schedule::Override;

/// How long before its end an override is announced: enough to save work and to set another override.
const BEFORE_OVERRIDE_ENDS: TimeDelta = TimeDelta::minutes(15);
/// How often a suspension is announced: an operator who forgot it should see it every morning.
const SUSPENSION_REPEATED_AFTER: TimeDelta = TimeDelta::days(1);

/// The announcements made so far for one environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Announced {
    /// The end of the override that was announced last.
    override_end: Option<Instant>,
    /// When the present suspension was announced last.
    suspended_at: Option<Instant>,
}

/// A line that the log owes to operators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Announcement {
    /// The active override ends soon.
    OverrideEnds {
        /// The state that the override asks for.
        state: State,
        /// Its end.
        until: Instant,
        /// The state, the reason, and who set it or that git declares it.
        about: String,
    },
    /// The environment is suspended.
    Suspended {
        /// The beginning of the suspension.
        since: Instant,
        /// Who suspended it, and the reason.
        about: String,
    },
}

impl Announced {
    /// The announcements due at `now`. Each is returned once.
    pub(super) fn take(
        &mut self,
        now: Instant,
        overrides: &ActiveOverrides,
        in_git: Option<&Override>,
    ) -> Vec<Announcement> {
        let mut due = Vec::new();
        if let Some((state, until, about)) = override_of(now, overrides, in_git)
            && now >= until - BEFORE_OVERRIDE_ENDS
            && self.override_end != Some(until)
        {
            self.override_end = Some(until);
            due.push(Announcement::OverrideEnds { state, until, about });
        }
        match &overrides.suspension {
            None => self.suspended_at = None,
            Some(set) if self.suspended_at.is_none_or(|at| now >= at + SUSPENSION_REPEATED_AFTER) => {
                self.suspended_at = Some(now);
                let about = format!("by {}: {}", set.who, set.reason);
                due.push(Announcement::Suspended { since: set.since, about });
            }
            Some(_) => {}
        }
        due
    }
}

/// The next instant after `now` at which an announcement is due or a suspension ends.
pub(super) fn next_at(
    now: Instant,
    overrides: &ActiveOverrides,
    in_git: Option<&Override>,
) -> Option<Instant> {
    let soon = override_of(now, overrides, in_git).map(|(_, until, _)| until - BEFORE_OVERRIDE_ENDS);
    let resumed = overrides.suspension.as_ref().and_then(|set| set.until);
    soon.into_iter().chain(resumed).filter(|at| *at > now).min()
}

fn override_of(
    now: Instant,
    overrides: &ActiveOverrides,
    in_git: Option<&Override>,
) -> Option<(State, Instant, String)> {
    if let Some(set) = &overrides.override_ {
        return Some((set.state, set.until, format!("`{}` by {}: {}", set.state, set.who, set.reason)));
    }
    let set = in_git.filter(|set| now < set.until)?;
    Some((set.state, set.until, format!("`{}` in git: {}", set.state, set.reason)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Suspension;

    fn at(minute: i64) -> Instant {
        Instant::from_timestamp(1_800_000_000 + 60 * minute, 0).unwrap()
    }

    #[test]
    fn the_end_of_an_override_is_announced_once_a_quarter_of_an_hour_before() {
        let in_git = Override { state: State::Running, until: at(60), reason: "load test".to_owned() };
        let overrides = ActiveOverrides::default();
        let mut announced = Announced::default();
        let mut minutes = Vec::new();
        for minute in 0..70 {
            let due = announced.take(at(minute), &overrides, Some(&in_git));
            minutes.extend(due.into_iter().map(|_| minute));
        }
        assert_eq!(minutes, [45]);
        assert_eq!(next_at(at(0), &overrides, Some(&in_git)), Some(at(45)));
        assert_eq!(next_at(at(45), &overrides, Some(&in_git)), None);
    }

    #[test]
    fn a_suspension_is_announced_every_day() {
        let set = Suspension {
            reason: "audit".to_owned(),
            who: "ann@laptop".to_owned(),
            since: at(0),
            until: None,
            taken_back: None,
        };
        let overrides = ActiveOverrides { override_: None, suspension: Some(set) };
        let mut announced = Announced::default();
        let days: Vec<i64> =
            (0..50).filter(|hour| !announced.take(at(60 * hour), &overrides, None).is_empty()).collect();
        assert_eq!(days, [0, 24, 48]);
    }
}
