//! What follows from the way in which an attempt ended. Pure.

use super::event::Outcome;
use crate::cloud::{Cause, ENDED_BY_ITSELF};

/// 128 + SIGKILL and 128 + SIGTERM: the exit codes of a program that was killed from outside. ECS kills a container so
/// when another essential container of its task has ended, and the kernel when memory runs out.
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html>
const KILLED: [i32; 2] = [137, 143];

impl Outcome {
    /// Whether the program itself ended, rather than AWS, an operator or the kernel having killed it. A program that was
    /// killed may have committed a moment before.
    pub fn ended_by_itself(&self) -> bool {
        let is_killed = self.exit_code.is_none_or(|code| KILLED.contains(&code));
        !self.unknown
            && self.stop_code.as_deref() == Some(ENDED_BY_ITSELF)
            && !is_killed
            && self.cause() != Some(Cause::OutOfMemory)
    }

    /// What AWS's words about its end mean.
    pub fn cause(&self) -> Option<Cause> {
        Cause::of(self.reason.as_deref()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_was_killed_did_not_end_by_itself() {
        let ended = |stop_code: &str, exit_code: Option<i32>, reason: &str| {
            let outcome = Outcome {
                succeeded: false,
                reached_running: true,
                unclear: false,
                unknown: false,
                exit_code,
                stop_code: Some(stop_code.to_owned()),
                reason: Some(reason.to_owned()),
                log_tail: Vec::new(),
                log_unread: None,
            };
            outcome.ended_by_itself()
        };
        let exited = "Essential container in task exited";
        for (claim, by_itself, is) in [
            ("its own exit", ended(ENDED_BY_ITSELF, Some(1), exited), true),
            ("a crash of its own", ended(ENDED_BY_ITSELF, Some(134), exited), true),
            ("SIGKILL", ended(ENDED_BY_ITSELF, Some(137), exited), false),
            ("SIGTERM, because another container ended", ended(ENDED_BY_ITSELF, Some(143), exited), false),
            ("no exit code", ended(ENDED_BY_ITSELF, None, exited), false),
            ("an operator", ended("UserInitiated", Some(1), "by hand"), false),
            (
                "the kernel",
                ended(ENDED_BY_ITSELF, Some(1), "container `migrate`: OutOfMemoryError: killed"),
                false,
            ),
        ] {
            assert_eq!(by_itself, is, "{claim}");
        }
    }
}
