//! What all answers of ECS have in common: entries that failed, pages, counts.
//!
//! An absence is only concluded from an answer that says MISSING; any other entry of `failures[]` is an error.
//! <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html>

use aws_sdk_ecs::types::Failure;

use super::super::operation::Operation;
use crate::cloud::{CloudError, Kind};

/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListServices.html>
pub(super) const LISTED_AT_ONCE_MAX: i32 = 100;
/// Pages of a list. More than any account has, so that a list that repeats itself ends.
pub(super) const PAGES_MAX: usize = 100;

/// Resources that do not exist are only missing in the answer; any other failure is an error.
pub(super) fn only_missing(operation: Operation<'_>, failures: &[Failure]) -> Result<(), CloudError> {
    match failures.iter().find(|failure| failure.reason() != Some("MISSING")) {
        None => Ok(()),
        Some(failure) => {
            let words = [failure.arn(), failure.reason(), failure.detail()];
            let words: Vec<&str> = words.into_iter().flatten().collect();
            Err(operation.error(Kind::Unavailable, words.join(": ")))
        }
    }
}

/// A count that AWS never gives below zero.
pub(super) fn count(number: i32) -> u32 {
    u32::try_from(number).unwrap_or_default()
}
