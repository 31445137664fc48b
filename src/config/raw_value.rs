//! The text of one setting with its origin, and the types that such a text can become.

use std::net::SocketAddr;
use std::time::Duration;

use super::error::{ConfigError, Origin};

/// The text of a setting, before it is parsed.
#[derive(Clone, Debug)]
pub(super) struct RawValue {
    pub(super) text: String,
    pub(super) origin: Origin,
}

impl RawValue {
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
