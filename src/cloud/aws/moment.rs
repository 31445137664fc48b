//! Points in time, from the SDK's type to ours.

use aws_smithy_types::DateTime;

use crate::model::Instant;

/// A time that AWS leaves out, or that no calendar has, counts as the beginning of 1970.
pub(super) fn instant(at: Option<&DateTime>) -> Instant {
    optional(at).unwrap_or(Instant::UNIX_EPOCH)
}

/// A point in time that AWS may leave out.
pub(super) fn optional(at: Option<&DateTime>) -> Option<Instant> {
    at.and_then(|at| Instant::from_timestamp(at.secs(), at.subsec_nanos()))
}

/// From our type to the SDK's.
pub(super) fn date_time(at: Instant) -> DateTime {
    DateTime::from_secs_and_nanos(at.timestamp(), at.timestamp_subsec_nanos())
}
