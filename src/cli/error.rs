//! Errors of verbs: the text that a person reads (what, why, what next), and the exit code that scripts see. This is
//! the only file that knows exit codes.

use std::fmt::Write as _;
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};

use crate::config::ConfigError;
use crate::context::ContextError;
use crate::daemon::DaemonError;
use crate::reconcile::ReconcileError;
use crate::source::SourceError;
use crate::store::StoreError;

/// How a verb ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Exit code 0: the verb did its work, or there was nothing to do.
    Done,
    /// Exit code 1: a person can fix it. Errors in declarations; a blocked, held, failed or timed-out release.
    Failure,
    /// Exit code 2: the command line is wrong.
    Usage,
    /// Exit code 3: changes are pending. From `plan --exit-code`, and from `apply` when only a window is missing.
    Pending,
    /// Exit code 70: a bug in tidegate.
    Internal,
}

impl Exit {
    /// The number that the process ends with.
    pub fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Failure => 1,
            Exit::Usage => 2,
            Exit::Pending => 3,
            // EX_SOFTWARE of sysexits.h
            Exit::Internal => 70,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit.code())
    }
}

/// Why a verb failed: the message, its causes, and hints about what to do next.
#[derive(Debug)]
pub struct CliError {
    exit: Exit,
    message: String,
    causes: Vec<String>,
    hints: Vec<String>,
}

impl CliError {
    /// A failure that a person can fix: exit code 1.
    pub fn failure(message: impl Into<String>) -> Self {
        Self { exit: Exit::Failure, message: message.into(), causes: Vec::new(), hints: Vec::new() }
    }

    /// A command line that is wrong: exit code 2.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, ..Self::failure(message) }
    }

    /// A bug in tidegate: exit code 70.
    pub fn internal(message: impl Into<String>) -> Self {
        Self { exit: Exit::Internal, ..Self::failure(message) }
    }

    /// Adds `error` and its sources as causes.
    pub fn because(mut self, error: &dyn std::error::Error) -> Self {
        let mut next = Some(error);
        while let Some(error) = next {
            self.causes.push(error.to_string());
            next = error.source();
        }
        self
    }

    /// Adds a cause in words.
    pub fn because_of(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }

    /// Puts `message` above: what could not be done. The present message becomes the first cause.
    pub fn about(mut self, message: impl Into<String>) -> Self {
        let cause = std::mem::replace(&mut self.message, message.into());
        self.causes.insert(0, cause);
        self
    }

    /// Adds a hint: a sentence, or a command that works as printed.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// How the process ends.
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// The text for standard error. It is coloured; the stream removes colours where they cannot be seen.
    pub fn render(&self) -> String {
        let (red, cyan) = (bold(AnsiColor::Red), bold(AnsiColor::Cyan));
        let mut text = format!("{red}error:{red:#} {}\n", self.message);
        for cause in &self.causes {
            writeln!(text, "  caused by: {cause}").expect("writing to a string cannot fail");
        }
        for hint in &self.hints {
            writeln!(text, "{cyan}hint:{cyan:#} {hint}").expect("writing to a string cannot fail");
        }
        text
    }
}

fn bold(color: AnsiColor) -> Style {
    color.on_default().bold()
}

impl From<ConfigError> for CliError {
    fn from(error: ConfigError) -> Self {
        let base = if error.is_usage() { Self::usage } else { Self::failure };
        let mut failure = base(error.to_string()).hint(error.hint());
        failure.causes = sources(&error);
        failure
    }
}

impl From<SourceError> for CliError {
    fn from(error: SourceError) -> Self {
        Self::failure("cannot read the declarations").because(&error).hint(error.hint())
    }
}

impl From<StoreError> for CliError {
    fn from(error: StoreError) -> Self {
        Self::failure("cannot use the store").because(&error).hint(error.hint())
    }
}

impl From<ContextError> for CliError {
    fn from(error: ContextError) -> Self {
        match error {
            ContextError::Config(error) => error.into(),
            ContextError::Source(error) => error.into(),
            ContextError::Store(error) => error.into(),
            other => {
                let mut failure = Self::failure(other.to_string());
                failure.causes = sources(&other);
                failure.hints = other.hint().into_iter().collect();
                failure
            }
        }
    }
}

impl From<DaemonError> for CliError {
    fn from(error: DaemonError) -> Self {
        match error {
            DaemonError::Config(error) => error.into(),
            DaemonError::Context(error) => error.into(),
            DaemonError::Source(error) => error.into(),
            DaemonError::Store(error) => error.into(),
            DaemonError::Taken { .. } => Self::failure(error.to_string())
                .hint("a store has one daemon: stop that one first, or give another store with `--store`"),
            DaemonError::StoreGone { .. } => Self::failure(error.to_string())
                .hint("restore it from a backup, with its journals, and start the daemon again"),
            DaemonError::Files { .. } => Self::failure(error.to_string())
                .because_of(sources(&error).join(": "))
                .hint("check that this user can write there and that the disk is not full"),
            DaemonError::System(_) => {
                Self::internal(error.to_string()).because_of(sources(&error).join(": "))
            }
        }
    }
}

impl From<ReconcileError> for CliError {
    fn from(error: ReconcileError) -> Self {
        let hint = error.hint();
        let mut failure = Self::failure(error.to_string());
        failure.causes = sources(&error);
        failure.hint(hint)
    }
}

fn sources(error: &dyn std::error::Error) -> Vec<String> {
    std::iter::successors(error.source(), |error| error.source()).map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_why_and_what_next() {
        let error = CliError::failure("cannot plan `production`")
            .because_of("service `graasp` asks for an image that is not there")
            .hint("push the image first");
        let text = anstream::adapter::strip_str(&error.render()).to_string();
        assert_eq!(
            text,
            "error: cannot plan `production`\n  \
               caused by: service `graasp` asks for an image that is not there\n\
             hint: push the image first\n"
        );
    }

    #[test]
    fn exit_codes_are_fixed() {
        let all = [Exit::Done, Exit::Failure, Exit::Usage, Exit::Pending, Exit::Internal];
        assert_eq!(all.map(Exit::code), [0, 1, 2, 3, 70]);
    }
}
