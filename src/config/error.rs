//! Errors of the configuration, each with the place of the wrong value.

use std::fmt;
use std::path::PathBuf;

use thiserror::Error;

/// The place of a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// On the command line: `--rev`.
    Flag(String),
    /// In the environment: `TIDEGATE_REV`.
    Variable(String),
    /// In the configuration file.
    File {
        /// The path of the file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// Counted from 1, in characters.
        column: usize,
        /// The whole key, such as `git.token_env`.
        key: String,
    },
}

/// Why the configuration cannot be used.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file does not exist or cannot be read.
    #[error("cannot read the configuration file {}", path.display())]
    Read {
        /// The path of the file.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// The file is not TOML, or a key or type in it is unknown.
    #[error("{}:{line}:{column}: {message}", path.display())]
    Syntax {
        /// The path of the file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// Counted from 1, in characters.
        column: usize,
        /// The parser's message.
        message: String,
        /// A known key that is similar to the unknown one.
        suggestion: Option<String>,
    },
    /// A value of the wrong form or out of its bounds.
    #[error("{origin}: `{value}` is not {expected}")]
    Value {
        /// The place of the value.
        origin: Origin,
        /// The text of the value.
        value: String,
        /// What the value must be, after "is not".
        expected: String,
    },
    /// Two settings of one layer that contradict each other.
    #[error("{first} and {second} cannot be used together")]
    Both {
        /// The place of one setting.
        first: Origin,
        /// The place of the other one, in words.
        second: String,
    },
    /// A revision was given, but the declarations are plain files.
    #[error("{rev}: plain files have no revisions")]
    RevWithoutRepo {
        /// The place of the revision.
        rev: Origin,
    },
    /// The variable for the token is not set.
    #[error("{origin}: the variable `{name}` is not set")]
    TokenUnset {
        /// The name of the variable.
        name: String,
        /// The place of the setting that names the variable.
        origin: Origin,
    },
    /// There is no directory for the store.
    #[error("no directory is set for the store, and there is no home directory for the default")]
    NoStore,
}

impl ConfigError {
    /// What to do next, in one sentence without an end.
    pub fn hint(&self) -> String {
        match self {
            ConfigError::Read { .. } => "check `--config` or TIDEGATE_CONFIG".to_owned(),
            ConfigError::Syntax { suggestion: Some(key), .. } => format!("did you mean `{key}`?"),
            ConfigError::Syntax { suggestion: None, .. } => "correct the file".to_owned(),
            ConfigError::Value { origin, .. } => format!("correct {origin}"),
            ConfigError::Both { .. } => "remove one of them".to_owned(),
            ConfigError::RevWithoutRepo { .. } => {
                "leave the revision out, or give a repository (URL or path) with `--repo`".to_owned()
            }
            ConfigError::TokenUnset { name, .. } => {
                format!("set `{name}`, or use `git.token_file` instead")
            }
            ConfigError::NoStore => "give a directory with `--store`".to_owned(),
        }
    }

    /// Whether the mistake is on the command line or in a variable (exit code 2) and not in the file (exit code 1).
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
