//! What a person is told when a verb fails, and the exit code that scripts see: the only file that knows
//! exit codes.

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
    /// Done, or nothing to do.
    Done,
    /// A failure that the user can fix: declarations, a blocked, held, failed or timed-out release.
    Failure,
    /// A wrong command line.
    Usage,
    /// Changes are pending: `plan --exit-code`, and `apply` when only a window is awaited.
    Pending,
    /// A defect of tidegate.
    Internal,
}

impl Exit {
    /// The number.
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

/// A failure, as a person reads it: what, why, what next.
#[derive(Debug)]
pub struct CliError {
    exit: Exit,
    message: String,
    causes: Vec<String>,
    hints: Vec<String>,
}

impl CliError {
    /// A failure that the user can fix.
    pub fn failure(message: impl Into<String>) -> Self {
        Self { exit: Exit::Failure, message: message.into(), causes: Vec::new(), hints: Vec::new() }
    }

    /// A command line that makes no sense.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, ..Self::failure(message) }
    }

    /// A defect of tidegate.
    pub fn internal(message: impl Into<String>) -> Self {
        Self { exit: Exit::Internal, ..Self::failure(message) }
    }

    /// The same failure because of `error`, its sources included.
    pub fn because(mut self, error: &dyn std::error::Error) -> Self {
        let mut next = Some(error);
        while let Some(error) = next {
            self.causes.push(error.to_string());
            next = error.source();
        }
        self
    }

    /// The same failure with one more cause in words.
    pub fn because_of(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }

    /// The same failure as the cause of another: what could not be done.
    pub fn about(mut self, message: impl Into<String>) -> Self {
        let cause = std::mem::replace(&mut self.message, message.into());
        self.causes.insert(0, cause);
        self
    }

    /// The same failure with a way out.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// How the program ends.
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// The text for standard error, coloured; the stream takes colours out where nobody sees them.
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
                .hint("a store has one daemon: end that one first, or name another store with `--store`"),
            DaemonError::Files { .. } => Self::failure(error.to_string())
                .because_of(sources(&error).join(": "))
                .hint("check that this user may write there and that the disk has room"),
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

/// Makes a panic read like what it is: a defect of the program, not of the declarations.
pub(super) fn explain_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place =
            panic.location().map_or_else(String::new, |at| format!(" at {}:{}", at.file(), at.line()));
        let message = panic.payload_as_str().unwrap_or("no message");
        let error = CliError::internal(format!("tidegate has a defect{place}"))
            .because_of(message)
            .hint("whatever was under way is found again by the next `tidegate apply` or `tidegate run`")
            .hint("please report this, with the command and what stands above");
        super::ui::say(&error.render());
    }));
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
