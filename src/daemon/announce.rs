//! What is announced before it happens, or again and again while it lasts: the end of an override, a suspension.
//!
//! Pure. What was announced is remembered by the daemon alone: after a restart it is said once more.

use chrono::TimeDelta;

use crate::model::Instant;
use crate::reconcile::ActiveOverrides;
use crate::schedule::Override;

/// Enough to save work and to write another override.
const BEFORE_THE_END: TimeDelta = TimeDelta::minutes(15);
/// Somebody who forgot should meet it every morning.
const AGAIN_AFTER: TimeDelta = TimeDelta::days(1);

/// What was announced already.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Announced {
    /// The end of an override.
    end: Option<Instant>,
    /// A suspension, when last.
    suspended_at: Option<Instant>,
}

/// Something to be announced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Announcement {
    /// The override that holds ends soon.
    OverrideEnds {
        /// When.
        until: Instant,
        /// What it is for, and who set it where that is known.
        about: String,
    },
    /// The environment is suspended.
    Suspended {
        /// Since when.
        since: Instant,
        /// Who and why.
        about: String,
    },
}

impl Announced {
    /// What is to be announced at `now`; takes note of it.
    pub(super) fn take(
        &mut self,
        now: Instant,
        standing: &ActiveOverrides,
        in_git: Option<&Override>,
    ) -> Vec<Announcement> {
        let mut news = Vec::new();
        if let Some((until, about)) = override_of(now, standing, in_git)
            && now >= until - BEFORE_THE_END
            && self.end != Some(until)
        {
            self.end = Some(until);
            news.push(Announcement::OverrideEnds { until, about });
        }
        match &standing.suspension {
            None => self.suspended_at = None,
            Some(set) if self.suspended_at.is_none_or(|at| now >= at + AGAIN_AFTER) => {
                self.suspended_at = Some(now);
                let about = format!("by {}: {}", set.who, set.reason);
                news.push(Announcement::Suspended { since: set.since, about });
            }
            Some(_) => {}
        }
        news
    }
}

/// The next instant after `now` at which something is to be announced, or ends.
pub(super) fn next_at(
    now: Instant,
    standing: &ActiveOverrides,
    in_git: Option<&Override>,
) -> Option<Instant> {
    let soon = override_of(now, standing, in_git).map(|(until, _)| until - BEFORE_THE_END);
    let resumed = standing.suspension.as_ref().and_then(|set| set.until);
    soon.into_iter().chain(resumed).filter(|at| *at > now).min()
}

fn override_of(
    now: Instant,
    standing: &ActiveOverrides,
    in_git: Option<&Override>,
) -> Option<(Instant, String)> {
    if let Some(set) = &standing.override_ {
        return Some((set.until, format!("`{}` by {}: {}", set.state, set.who, set.reason)));
    }
    let set = in_git.filter(|set| now < set.until)?;
    Some((set.until, format!("`{}` in git: {}", set.state, set.reason)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::State;
    use crate::store::Suspension;

    fn at(minute: i64) -> Instant {
        Instant::from_timestamp(1_800_000_000 + 60 * minute, 0).unwrap()
    }

    #[test]
    fn the_end_of_an_override_is_announced_once_a_quarter_of_an_hour_before() {
        let in_git = Override { state: State::Running, until: at(60), reason: "load test".to_owned() };
        let standing = ActiveOverrides::default();
        let mut announced = Announced::default();
        let mut said = Vec::new();
        for minute in 0..70 {
            let news = announced.take(at(minute), &standing, Some(&in_git));
            said.extend(news.into_iter().map(|_| minute));
        }
        assert_eq!(said, [45]);
        assert_eq!(next_at(at(0), &standing, Some(&in_git)), Some(at(45)));
        assert_eq!(next_at(at(45), &standing, Some(&in_git)), None);
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
        let standing = ActiveOverrides { override_: None, suspension: Some(set) };
        let mut announced = Announced::default();
        let days: Vec<i64> =
            (0..50).filter(|hour| !announced.take(at(60 * hour), &standing, None).is_empty()).collect();
        assert_eq!(days, [0, 24, 48]);
    }
}
