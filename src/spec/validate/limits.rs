//! The bounds of numbers, lists and durations. What AWS refuses is found here, with its place in the file, and not by a
//! release behind a closed gate.

use std::time::Duration;

use super::findings::Findings;
use crate::spec::decode::{Leaf, OriginId};
use crate::spec::diagnostic::Code;
use crate::spec::raw::DurationText;

/// A bound that AWS documents.
pub(super) struct Limit {
    most: usize,
    /// What is limited: `tasks in a service`.
    of: &'static str,
    /// Whether AWS raises it on request. Then more is a warning.
    can_be_raised: bool,
}

/// <https://docs.aws.amazon.com/general/latest/gr/ecs-service.html>
pub(super) const TASKS: Limit = Limit { most: 5_000, of: "tasks in a service", can_be_raised: false };
/// <https://docs.aws.amazon.com/general/latest/gr/ecs-service.html>
pub(super) const SERVICES: Limit = Limit { most: 5_000, of: "services in a cluster", can_be_raised: false };
/// <https://docs.aws.amazon.com/general/latest/gr/ecs-service.html>
pub(super) const CONTAINERS: Limit =
    Limit { most: 10, of: "containers in a task definition", can_be_raised: false };
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html>
pub(super) const CAPACITY_PROVIDERS: Limit =
    Limit { most: 20, of: "capacity providers for a task", can_be_raised: false };
/// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html>
pub(super) const DISTRIBUTIONS: Limit =
    Limit { most: 100, of: "distributions for a CloudFront function", can_be_raised: true };
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html>
pub(super) const SNAPSHOTS: Limit =
    Limit { most: 100, of: "manual snapshots in a region", can_be_raised: true };

/// The bounds of one duration, and the reason for the upper one.
pub(super) struct Span {
    least: Duration,
    most: Duration,
    why: &'static str,
}

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-target-group-attributes.html>
pub(super) const DRAIN: Span = Span {
    least: Duration::ZERO,
    most: HOUR,
    why: "load balancers wait at most an hour for requests in flight, and users see the maintenance page meanwhile",
};
pub(super) const SETTLE: Span =
    Span { least: Duration::ZERO, most: DAY, why: "users see the maintenance page meanwhile" };
pub(super) const WITHIN: Span =
    Span { least: Duration::ZERO, most: DAY, why: "users see the maintenance page until the check passes" };
pub(super) const TIMEOUT: Span = Span {
    least: MINUTE,
    most: Duration::from_secs(14 * DAY.as_secs()),
    why: "tidegate would not report a migration that hangs",
};
pub(super) const START_WITHIN: Span =
    Span { least: MINUTE, most: DAY, why: "tidegate would not report a start that hangs" };
/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_StopInstance.html>
pub(super) const GRACE: Span = Span {
    least: Duration::ZERO,
    most: Duration::from_secs(7 * DAY.as_secs()),
    why: "an environment with a longer grace never sleeps",
};

impl Findings<'_> {
    /// Whether a number is possible. A missing or unreadable one is: that is reported elsewhere.
    pub(super) fn limited(&mut self, leaf: &Option<Leaf<u32>>, limit: &Limit) -> bool {
        let Some((at, number)) = leaf.as_ref().and_then(|leaf| Some((leaf.at, *leaf.get()?))) else {
            return true;
        };
        if usize::try_from(number).is_ok_and(|number| number <= limit.most) {
            return true;
        }
        self.beyond(at, Code::BadNumber, &format!("is {number}"), limit)
    }

    /// Reports a list that is longer than AWS allows.
    pub(super) fn at_most<T>(&mut self, at: OriginId, items: &[T], limit: &Limit) {
        if items.len() > limit.most {
            let count = format!("has {} entries", items.len());
            self.beyond(at, Code::TooMany, &count, limit);
        }
    }

    /// Reports what lies beyond a limit; `true` where AWS may have raised it.
    fn beyond(&mut self, at: OriginId, code: Code, found: &str, limit: &Limit) -> bool {
        let Limit { most, of, can_be_raised } = *limit;
        let path = self.path(at);
        let message = format!("`{path}` {found}; AWS allows at most {most} {of}");
        match (can_be_raised, code) {
            (true, _) => {
                let hint = "AWS raises this quota on request; if it has, this is no problem".to_owned();
                self.warning(at, code, message).hint = Some(hint);
            }
            (false, Code::TooMany) => drop(self.error_at_key(at, code, message)),
            (false, _) => drop(self.error(at, code, message)),
        }
        can_be_raised
    }

    /// The duration of a text, or the default if it is absent, wrong or out of bounds.
    pub(super) fn duration_within(
        &mut self,
        leaf: &Option<Leaf<DurationText>>,
        default: Duration,
        span: &Span,
    ) -> Duration {
        let found = self.duration(leaf, default);
        let Some(at) = leaf.as_ref().map(|leaf| leaf.at) else { return found };
        let Span { least, most, why } = *span;
        let (message, hint) = if found < least {
            (format!("`{}` is shorter than {}", self.path(at), words(least)), None)
        } else if found > most {
            (format!("`{}` is longer than {}", self.path(at), words(most)), Some(why.to_owned()))
        } else {
            return found;
        };
        self.error(at, Code::BadDuration, message).hint = hint;
        default
    }
}

/// `1h`, `14d`: as a person writes it in the file.
fn words(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let units = [(DAY.as_secs(), "d"), (HOUR.as_secs(), "h"), (MINUTE.as_secs(), "m"), (1, "s")];
    let unit = units.into_iter().find(|(length, _)| seconds >= *length && seconds.is_multiple_of(*length));
    let (length, letter) = unit.unwrap_or((1, "s"));
    format!("{}{letter}", seconds / length)
}
