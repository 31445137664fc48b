//! The configuration of the program itself. A flag is stronger than a variable, a variable than the file, and the file
//! than the default.
//!
//! Environments are not configured here: the repository declares them (`spec`). These settings belong to the machine
//! that runs tidegate: where the declarations are, how to read them, and what they may use of this machine.
//!
//! [`resolve`] is pure: it decides from its arguments alone. [`load`] also reads the file.

mod allow;
mod error;
mod file;
mod flags;
mod layers;
mod raw_value;
mod store_place;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;

pub use allow::Allow;
pub use error::{ConfigError, Origin};
pub use file::ConfigFile;
pub use flags::Flags;

use crate::cloud::Rates;
use crate::source::{Credentials, Location, OpenRequest, PATH_DEFAULT, TIMEOUT_DEFAULT, Token};
use layers::Layers;
use raw_value::RawValue;

/// How often the daemon looks at the repository by default: one cheap listing each time.
pub const POLL_INTERVAL_DEFAULT: Duration = Duration::from_secs(30);

/// Where the daemon listens by default: on this machine only.
pub const LISTEN_DEFAULT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// All settings, resolved and checked.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The place of the declarations: a remote repository, a local one, or plain files.
    pub location: Location,
    /// The branch, tag or commit to read; none = HEAD of the repository.
    pub rev: Option<String>,
    /// The folder of environments inside `location`.
    pub path: String,
    /// The cloud that tidegate reads and changes.
    pub cloud: Cloud,
    /// The address for the daemon's HTTP server, which does not exist yet.
    pub listen: SocketAddr,
    /// The time between two looks of the daemon at the repository.
    pub poll_interval: Duration,
    /// The format of the daemon's log.
    pub log_format: LogFormat,
    /// The key or token for a remote repository.
    pub credentials: Credentials,
    /// The timeout of one look at a remote repository.
    pub git_timeout: Duration,
    /// The roles, variables and files of this machine that declarations may use.
    pub allow: Allow,
    /// How many API calls tidegate makes in each AWS account, at most.
    pub rates: Rates,
    store: Option<PathBuf>,
}

/// The cloud that tidegate reads and changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cloud {
    /// AWS.
    Aws,
    /// A simulated cloud that is kept in the store.
    Sim,
}

/// The format of the daemon's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Settings {
    /// The directory of the store. Only verbs that need a store call this.
    ///
    /// # Errors
    /// When no setting gives a directory and there is no home directory.
    pub fn store(&self) -> Result<&Path, ConfigError> {
        self.store.as_deref().ok_or(ConfigError::NoStore)
    }

    /// How to open the declarations. `clones` is the folder for clones of remote repositories: `repos` in the store,
    /// or none for verbs that must not create a store.
    pub fn source(&self, clones: Option<PathBuf>) -> OpenRequest {
        OpenRequest {
            location: self.location.clone(),
            rev: self.rev.clone(),
            path: self.path.clone(),
            clones,
            credentials: self.credentials.clone(),
            timeout: self.git_timeout,
        }
    }
}

/// Reads the file that `--config` or `TIDEGATE_CONFIG` names, if any, and resolves all settings. `variable` looks up an
/// environment variable.
///
/// # Errors
/// When the file cannot be read or parsed, or a value is wrong.
pub fn load(flags: &Flags, variable: impl Fn(&str) -> Option<String>) -> Result<Settings, ConfigError> {
    let named = flags.config.clone().or_else(|| variable("TIDEGATE_CONFIG").filter(|path| !path.is_empty()));
    let file = named.map(|path| ConfigFile::read(Path::new(&path))).transpose()?;
    resolve(flags, variable, file.as_ref())
}

/// Decides every setting: flag, else variable, else file, else default. An empty variable counts as not set. Relative
/// paths in the file start from the file's folder.
///
/// # Errors
/// When a value is wrong, or two settings cannot be used together.
pub fn resolve(
    flags: &Flags,
    variable: impl Fn(&str) -> Option<String>,
    file: Option<&ConfigFile>,
) -> Result<Settings, ConfigError> {
    let layers = Layers { flags, variable: &variable, file };
    let (location, rev) = location(&layers)?;
    let is_remote = matches!(location, Location::Remote(_));
    Ok(Settings {
        rev,
        path: layers.get("path").map_or_else(|| PATH_DEFAULT.to_owned(), |given| given.text),
        store: store_place::resolve(&layers)?,
        cloud: match layers.get("cloud") {
            Some(given) => given.one_of(&[("aws", Cloud::Aws), ("sim", Cloud::Sim)])?,
            None => Cloud::Aws,
        },
        listen: match layers.get("listen") {
            Some(given) => given.address()?,
            None => LISTEN_DEFAULT,
        },
        poll_interval: match layers.get("poll-interval") {
            Some(given) => given.duration(Duration::from_secs(1), Duration::from_secs(24 * 3600))?,
            None => POLL_INTERVAL_DEFAULT,
        },
        log_format: match layers.get("log-format") {
            Some(given) => given.one_of(&[("text", LogFormat::Text), ("json", LogFormat::Json)])?,
            None => LogFormat::Text,
        },
        credentials: file
            .map_or_else(|| Ok(Credentials::default()), |file| credentials(file, &variable, is_remote))?,
        git_timeout: match file.and_then(ConfigFile::git_timeout) {
            Some(given) => given.duration(Duration::from_secs(1), Duration::from_secs(3600))?,
            None => TIMEOUT_DEFAULT,
        },
        allow: file.map(ConfigFile::allow).transpose()?.unwrap_or_default(),
        rates: file.map(ConfigFile::rates).transpose()?.unwrap_or_default(),
        location,
    })
}

/// `--repo` and `--dir` set the same thing, so the strongest layer that gives either one wins. A revision from a weaker
/// layer belonged to the place that was replaced, and is ignored.
fn location(layers: &Layers<'_>) -> Result<(Location, Option<String>), ConfigError> {
    let (repo, dir) = (layers.get("repo"), layers.get("dir"));
    let rev = layers.get("rev");
    let chosen = match (repo, dir) {
        (Some(repo), Some(dir)) if repo.layer() == dir.layer() => {
            return Err(ConfigError::Both { first: repo.origin, second: dir.origin.to_string() });
        }
        (Some(repo), Some(dir)) if dir.layer() < repo.layer() => Err(dir),
        (Some(repo), _) => Ok(repo),
        (None, Some(dir)) => Err(dir),
        (None, None) => match rev {
            Some(rev) => return Err(ConfigError::RevWithoutRepo { rev: rev.origin }),
            None => return Ok((Location::Dir(PathBuf::from(".")), None)),
        },
    };
    match chosen {
        Ok(repo) => {
            let rev = rev.filter(|rev| rev.layer() <= repo.layer()).map(|rev| rev.text);
            Ok((Location::repo(&repo.text, &layers.base(&repo)), rev))
        }
        Err(dir) => match rev.filter(|rev| rev.layer() <= dir.layer()) {
            Some(rev) => Err(ConfigError::RevWithoutRepo { rev: rev.origin }),
            None => Ok((Location::Dir(layers.base(&dir).join(&dir.text)), None)),
        },
    }
}

/// The variable of the token must be set only for a remote repository: the same file also serves `--dir`.
fn credentials(
    file: &ConfigFile,
    variable: &dyn Fn(&str) -> Option<String>,
    is_remote: bool,
) -> Result<Credentials, ConfigError> {
    let token = match (file.token_file(), file.token_env()) {
        (Some((_, at_file)), Some(at_env)) => {
            return Err(ConfigError::Both { first: at_file, second: at_env.origin.to_string() });
        }
        (Some((path, _)), None) => Some(Token::File(path)),
        (None, Some(RawValue { text: name, origin, .. })) => {
            match variable(&name).filter(|token| !token.is_empty()) {
                Some(token) => Some(Token::Value(SecretString::from(token))),
                None if is_remote => return Err(ConfigError::TokenUnset { name, origin }),
                None => None,
            }
        }
        (None, None) => None,
    };
    Ok(Credentials { ssh_key: file.ssh_key(), token })
}

#[cfg(test)]
mod tests;
