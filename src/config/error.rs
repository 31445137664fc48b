//! What can be wrong with the configuration, and where.

use std::fmt;
use std::path::PathBuf;

use thiserror::Error;

/// Where a value was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// On the command line: `--rev`.
    Flag(String),
    /// In the environment: `TIDEGATE_REV`.
    Variable(String),
    /// In the file.
    File {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// Counted from 1, in characters.
        column: usize,
        /// The key: `git.token_env`.
        key: String,
    },
}

/// Why the configuration cannot be used.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file is not there or not readable.
    #[error("cannot read the configuration {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not TOML, or has keys and types that nobody knows.
    #[error("{}:{line}:{column}: {message}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// Counted from 1, in characters.
        column: usize,
        /// What is wrong there.
        message: String,
        /// The key that may have been meant.
        meant: Option<String>,
    },
    /// A value that makes no sense.
    #[error("{origin}: `{value}` is not {expected}")]
    Value {
        /// Where it was given.
        origin: Origin,
        /// As it was given.
        value: String,
        /// What it should be.
        expected: String,
    },
    /// Two ways to say one thing.
    #[error("{first} and {second} exclude each other")]
    Both {
        /// The one.
        first: Origin,
        /// The other, of the same layer.
        second: String,
    },
    /// A revision of plain files.
    #[error("{rev}: plain files have no revisions")]
    RevWithoutRepo {
        /// Where it was given.
        rev: Origin,
    },
    /// The variable that should hold the token.
    #[error("{origin}: the variable `{name}` is not set")]
    TokenUnset {
        /// The variable.
        name: String,
        /// Where it is named.
        origin: Origin,
    },
    /// No place for the store.
    #[error("nothing says where the store is, and there is no home directory")]
    NoStore,
}

impl ConfigError {
    /// What to do next, in one sentence.
    pub fn hint(&self) -> String {
        match self {
            ConfigError::Read { .. } => "check `--config` or TIDEGATE_CONFIG".to_owned(),
            ConfigError::Syntax { meant: Some(meant), .. } => format!("did you mean `{meant}`?"),
            ConfigError::Syntax { meant: None, .. } => "correct the file".to_owned(),
            ConfigError::Value { origin, .. } => format!("correct {origin}"),
            ConfigError::Both { .. } => "keep one of them".to_owned(),
            ConfigError::RevWithoutRepo { .. } => {
                "name the repository with `--repo`: a path is opened in place".to_owned()
            }
            ConfigError::TokenUnset { name, .. } => {
                format!("set `{name}`, or use `git.token_file` instead")
            }
            ConfigError::NoStore => "name a directory with `--store`".to_owned(),
        }
    }

    /// Whether the command line or the environment is wrong, not the file: exit code 2 instead of 1.
    pub fn is_usage(&self) -> bool {
        let typed = |origin: &Origin| !matches!(origin, Origin::File { .. });
        match self {
            ConfigError::Read { .. } | ConfigError::NoStore => true,
            ConfigError::Syntax { .. } | ConfigError::TokenUnset { .. } => false,
            ConfigError::Value { origin, .. }
            | ConfigError::RevWithoutRepo { rev: origin }
            | ConfigError::Both { first: origin, .. } => typed(origin),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Flag(flag) => write!(f, "--{flag}"),
            Origin::Variable(name) => f.write_str(name),
            Origin::File { path, line, column, key } => {
                write!(f, "{}:{line}:{column}: {key}", path.display())
            }
        }
    }
}
