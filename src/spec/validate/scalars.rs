//! Single values: durations, URLs, and values with a default.

use std::time::Duration;

use url::Url;

use super::findings::Findings;
use crate::spec::decode::{Leaf, TextOrScalar};
use crate::spec::diagnostic::Code;
use crate::spec::raw::{DurationText, UrlText, is_duration_text};

/// The longest duration: one year. A longer one is a mistake of units, and adding a year to an instant cannot
/// overflow.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

impl Findings<'_> {
    /// The value, or the default if it is absent or wrong (then that was reported).
    pub(super) fn value_or<T: Clone>(&self, leaf: &Option<Leaf<T>>, default: T) -> T {
        leaf.as_ref().and_then(Leaf::get).cloned().unwrap_or(default)
    }

    /// The duration of a text such as `1h30m`, or the default.
    pub(super) fn duration(&mut self, leaf: &Option<Leaf<DurationText>>, default: Duration) -> Duration {
        let Some((leaf, DurationText(value))) = leaf.as_ref().and_then(|leaf| Some((leaf, leaf.get()?)))
        else {
            return default;
        };
        // A bare number is not a text, but it lacks a unit, not quotes.
        let is_text = matches!(value, TextOrScalar::Text(_));
        let text = &self.origin(leaf.at).written;
        let read =
            if is_text && is_duration_text(text) { humantime::parse_duration(text).ok() } else { None };
        match read {
            Some(duration) if duration <= LONGEST => duration,
            Some(_) => {
                let message = format!("`{text}` is longer than a year");
                self.error(leaf.at, Code::BadDuration, message);
                default
            }
            None => {
                let lacks_unit = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
                let hint = if lacks_unit {
                    format!("add a unit: `{text}s`, `{text}m`, `{text}h` or `{text}d`")
                } else {
                    "write a duration as `30s`, `5m`, `1h30m` or `2d`".to_owned()
                };
                self.error(leaf.at, Code::BadDuration, format!("`{text}` is not a duration")).hint =
                    Some(hint);
                default
            }
        }
    }

    /// An absolute `http` or `https` URL without credentials.
    pub(super) fn url(&mut self, leaf: &Leaf<UrlText>) -> Option<Url> {
        let UrlText(text) = leaf.get()?;
        let fault = match Url::parse(text) {
            // The standard lets parsers repair spaces and slashes; people read this URL, so it must be right as written.
            Ok(_) if text.contains(char::is_whitespace) || !text.contains("://") => {
                "this is not a URL: it contains a space, or has no `://`".to_owned()
            }
            Err(error) => format!("this is not a URL: {error}"),
            Ok(url) if !["http", "https"].contains(&url.scheme()) => {
                format!("a URL must begin with `https://` or `http://`, not with `{}:`", url.scheme())
            }
            Ok(url) if !url.username().is_empty() || url.password().is_some() => {
                "a URL must not carry credentials".to_owned()
            }
            Ok(url) => return Some(url),
        };
        let hint = "write the whole URL: `https://maintenance.graasp.org`";
        self.error(leaf.at, Code::BadUrl, fault).hint = Some(hint.to_owned());
        None
    }
}
