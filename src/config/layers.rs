//! One setting, looked up in one layer after the other, and what its text may mean.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::error::{ConfigError, Origin};
use super::file::ConfigFile;
use super::flags::Flags;

/// Where settings may stand, the strongest first.
pub(super) struct Layers<'a> {
    pub(super) flags: &'a Flags,
    pub(super) variable: &'a dyn Fn(&str) -> Option<String>,
    pub(super) file: Option<&'a ConfigFile>,
}

/// A value as it was given.
#[derive(Clone, Debug)]
pub(super) struct Given {
    pub(super) text: String,
    pub(super) origin: Origin,
}

impl Layers<'_> {
    /// The setting `name`, written as a flag is: `poll-interval`.
    pub(super) fn get(&self, name: &str) -> Option<Given> {
        if let Some(text) = self.flags.get(name) {
            return Some(Given { text: text.to_owned(), origin: Origin::Flag(name.to_owned()) });
        }
        let variable = format!("TIDEGATE_{}", name.to_uppercase().replace('-', "_"));
        if let Some(text) = self.variable(&variable) {
            return Some(Given { text, origin: Origin::Variable(variable) });
        }
        self.file?.setting(name)
    }

    /// A variable that is set and not empty.
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        (self.variable)(name).filter(|text| !text.is_empty())
    }

    /// What a relative path is relative to.
    pub(super) fn base(&self, given: &Given) -> PathBuf {
        match (&given.origin, self.file) {
            (Origin::File { .. }, Some(file)) => file.folder(),
            _ => PathBuf::new(),
        }
    }
}

impl Given {
    /// The strength of its layer: 0 is the strongest.
    pub(super) fn layer(&self) -> u8 {
        match self.origin {
            Origin::Flag(_) => 0,
            Origin::Variable(_) => 1,
            Origin::File { .. } => 2,
        }
    }

    pub(super) fn one_of<T: Copy>(&self, known: &[(&str, T)]) -> Result<T, ConfigError> {
        known.iter().find(|(name, _)| *name == self.text).map(|(_, value)| *value).ok_or_else(|| {
            let names: Vec<_> = known.iter().map(|(name, _)| format!("`{name}`")).collect();
            self.is_not(names.join(" or "))
        })
    }

    pub(super) fn address(&self) -> Result<SocketAddr, ConfigError> {
        self.text
            .parse()
            .map_err(|_| self.is_not("an address and a port, such as `127.0.0.1:8080`".to_owned()))
    }

    /// A duration with its unit, within these bounds.
    pub(super) fn duration(&self, min: Duration, max: Duration) -> Result<Duration, ConfigError> {
        let expected = || {
            let (min, max) = (humantime::format_duration(min), humantime::format_duration(max));
            format!("a duration from {min} to {max}, such as `30s` or `5m`")
        };
        let duration = humantime::parse_duration(&self.text).map_err(|_| self.is_not(expected()))?;
        if (min..=max).contains(&duration) { Ok(duration) } else { Err(self.is_not(expected())) }
    }

    pub(super) fn is_not(&self, expected: String) -> ConfigError {
        ConfigError::Value { origin: self.origin.clone(), value: self.text.clone(), expected }
    }
}
