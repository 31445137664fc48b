//! The TOML file of `--config`. Every global flag is a key in it; some settings exist only in the file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use super::allow::Allow;
use super::error::{ConfigError, Origin};
use super::raw_value::RawValue;
use crate::cloud::{Family, Rate, Rates};
use crate::files;

/// A configuration file whose keys are known. `resolve` checks the values.
#[derive(Clone, Debug)]
pub struct ConfigFile {
    path: PathBuf,
    text: String,
    keys: Keys,
}

type Text = Option<Spanned<String>>;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Keys {
    repo: Text,
    dir: Text,
    rev: Text,
    path: Text,
    store: Text,
    cloud: Text,
    listen: Text,
    poll_interval: Text,
    log_format: Text,
    git: GitKeys,
    allow: AllowKeys,
    aws: AwsKeys,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct GitKeys {
    ssh_key: Text,
    token_file: Text,
    token_env: Text,
    timeout: Text,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct AllowKeys {
    assume_roles: Vec<Spanned<String>>,
    env: Vec<Spanned<String>>,
    files: Vec<Spanned<String>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct AwsKeys {
    share: Option<Spanned<f64>>,
    rates: BTreeMap<String, Spanned<RateKeys>>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RateKeys {
    burst: f64,
    per_second: f64,
}

/// The largest file that is read: a configuration has some kilobytes.
const BYTES_MAX: u64 = 1024 * 1024;

impl ConfigFile {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// When the file cannot be read, is not TOML, or contains unknown keys.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = files::read_text_bounded(path, BYTES_MAX)
            .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        Self::parse(path, text)
    }

    /// Parses the text of the file at `path`; the path is used in messages and for relative paths.
    ///
    /// # Errors
    /// When the text is not TOML, or contains unknown keys.
    pub fn parse(path: &Path, text: String) -> Result<Self, ConfigError> {
        match toml::from_str(&text) {
            Ok(keys) => Ok(Self { path: path.to_owned(), text, keys }),
            Err(error) => {
                let (line, column) = place(&text, error.span().map_or(0, |span| span.start));
                let message = error.message().lines().collect::<Vec<_>>().join(", ");
                let suggestion = suggestion(&message);
                Err(ConfigError::Syntax { path: path.to_owned(), line, column, message, suggestion })
            }
        }
    }

    /// The folder that relative paths in the file start from.
    pub(super) fn folder(&self) -> PathBuf {
        self.path.parent().map(Path::to_owned).unwrap_or_default()
    }

    /// The value of the key that belongs to a global flag.
    pub(super) fn setting(&self, flag: &str) -> Option<RawValue> {
        let Keys {
            repo,
            dir,
            rev,
            path,
            store,
            cloud,
            listen,
            poll_interval,
            log_format,
            git: _,
            allow: _,
            aws: _,
        } = &self.keys;
        let (key, value) = match flag {
            "repo" => ("repo", repo),
            "dir" => ("dir", dir),
            "rev" => ("rev", rev),
            "path" => ("path", path),
            "store" => ("store", store),
            "cloud" => ("cloud", cloud),
            "listen" => ("listen", listen),
            "poll-interval" => ("poll_interval", poll_interval),
            "log-format" => ("log_format", log_format),
            _ => unreachable!("only names of settings are asked for"),
        };
        self.given(key, value)
    }

    pub(super) fn ssh_key(&self) -> Option<PathBuf> {
        self.keys.git.ssh_key.as_ref().map(|key| self.folder().join(key.get_ref()))
    }

    pub(super) fn token_file(&self) -> Option<(PathBuf, Origin)> {
        let given = self.given("git.token_file", &self.keys.git.token_file)?;
        Some((self.folder().join(given.text), given.origin))
    }

    pub(super) fn token_env(&self) -> Option<RawValue> {
        self.given("git.token_env", &self.keys.git.token_env)
    }

    pub(super) fn git_timeout(&self) -> Option<RawValue> {
        self.given("git.timeout", &self.keys.git.timeout)
    }

    pub(super) fn allow(&self) -> Result<Allow, ConfigError> {
        let AllowKeys { assume_roles, env, files } = &self.keys.allow;
        let role = |role: &Spanned<String>| {
            let given = self.at("allow.assume_roles", role);
            // `arn:aws:iam::…`, `arn:aws-cn:iam::…`
            let is_role = given.text.starts_with("arn:aws") && given.text.contains(":role/");
            if is_role { Ok(given.text) } else { Err(given.is_not("the ARN of a role".to_owned())) }
        };
        Ok(Allow {
            assume_roles: assume_roles.iter().map(role).collect::<Result<_, _>>()?,
            env: env.iter().map(|name| name.get_ref().clone()).collect(),
            files: files.iter().map(|file| self.folder().join(file.get_ref())).collect(),
        })
    }

    /// How many API calls tidegate makes in each AWS account, at most.
    pub(super) fn rates(&self) -> Result<Rates, ConfigError> {
        let AwsKeys { share, rates } = &self.keys.aws;
        let mut limits = match share {
            None => Rates::default(),
            Some(share) => {
                let part = *share.get_ref();
                if !(part > 0.0 && part <= 1.0) {
                    let given = self.found("aws.share", share.span().start, part.to_string());
                    return Err(given.is_not("a number above 0 and up to 1, such as `0.5`".to_owned()));
                }
                Rates::share(part)
            }
        };
        for (name, rate) in rates {
            let (key, start) = (format!("aws.rates.{name}"), rate.span().start);
            let Some(family) = Family::ALL.into_iter().find(|family| family.as_str() == name) else {
                let known: Vec<&str> = Family::ALL.into_iter().map(Family::as_str).collect();
                let given = self.found(&key, start, name.clone());
                return Err(given.is_not(format!("one of {}", known.join(", "))));
            };
            let RateKeys { burst, per_second } = *rate.get_ref();
            for number in [burst, per_second] {
                if !(number > 0.0 && number.is_finite()) {
                    let given = self.found(&key, start, number.to_string());
                    return Err(given.is_not("a number above 0".to_owned()));
                }
            }
            limits = limits.with(family, Rate { burst: burst.max(1.0), per_second });
        }
        Ok(limits)
    }

    fn given(&self, key: &str, value: &Text) -> Option<RawValue> {
        value.as_ref().map(|value| self.at(key, value))
    }

    fn at(&self, key: &str, value: &Spanned<String>) -> RawValue {
        self.found(key, value.span().start, value.get_ref().clone())
    }

    fn found(&self, key: &str, start: usize, text: String) -> RawValue {
        let (line, column) = place(&self.text, start);
        let origin = Origin::File { path: self.path.clone(), line, column, key: key.to_owned() };
        RawValue { text, origin }
    }
}

/// Line and column of a byte, both from 1.
fn place(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |end| end + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// The known key that is most similar to the unknown one. serde names them only in its message: the first word in
/// backticks is the unknown key, the others are the known ones.
fn suggestion(message: &str) -> Option<String> {
    message.starts_with("unknown field").then_some(())?;
    let mut words = message.split('`').skip(1).step_by(2);
    let unknown = words.next()?;
    words
        .map(|known| (strsim::damerau_levenshtein(unknown, known), known))
        .filter(|(distance, _)| *distance <= unknown.chars().count().div_ceil(3))
        .min()
        .map(|(_, known)| known.to_owned())
}
