//! Points in time, from the SDK's type to ours.

use aws_smithy_types::DateTime;

use crate::model::Instant;

/// What AWS leaves out, or dates beyond what a calendar can say, is as long ago as can be.
pub(super) fn instant(at: Option<&DateTime>) -> Instant {
    known(at).unwrap_or(Instant::UNIX_EPOCH)
}

/// A point in time that may not have come yet.
pub(super) fn known(at: Option<&DateTime>) -> Option<Instant> {
    at.and_then(|at| Instant::from_timestamp(at.secs(), at.subsec_nanos()))
}

/// The other way.
pub(super) fn date_time(at: Instant) -> DateTime {
    DateTime::from_secs_and_nanos(at.timestamp(), at.timestamp_subsec_nanos())
}
