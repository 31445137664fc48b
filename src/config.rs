//! Configuration of the program itself: flags over variables over file over defaults.
//!
//! Not the environments: those are declared in the repository (`spec`). What stands here belongs to the
//! machine that runs tidegate: where the declarations are, how to get them, what they may ask for.
//!
//! [`resolve`] is pure: everything it decides from is an argument. [`load`] only adds reading the file.

mod error;
mod file;
mod flags;
mod layers;
mod store_place;

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;

pub use error::{ConfigError, Origin};
pub use file::ConfigFile;
pub use flags::Flags;

use crate::cloud::Rates;
use crate::source::{Credentials, Location, OpenRequest, PATH_DEFAULT, TIMEOUT_DEFAULT, Token};
use layers::{Given, Layers};

/// How often a repository is looked at, unless the user says otherwise: one cheap listing.
pub const POLL_INTERVAL_DEFAULT: Duration = Duration::from_secs(30);

/// Where the daemon listens, unless the user says otherwise: on this machine only.
pub const LISTEN_DEFAULT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);

/// Everything that is configured, resolved.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the declarations are.
    pub location: Location,
    /// The branch, tag or commit; none is the remote's HEAD.
    pub rev: Option<String>,
    /// The folder of environments inside.
    pub path: String,
    /// Which cloud is acted on.
    pub cloud: Cloud,
    /// Where the daemon answers HTTP.
    pub listen: SocketAddr,
    /// How often the daemon looks at the repository.
    pub poll_interval: Duration,
    /// How the daemon logs.
    pub log_format: LogFormat,
    /// What remotes are shown.
    pub credentials: Credentials,
    /// How long one look at a remote may take.
    pub git_timeout: Duration,
    /// What declarations may ask of this machine.
    pub allow: Allow,
    /// How much of each AWS account's API rates is ours.
    pub rates: Rates,
    store: Option<PathBuf>,
}

/// Which cloud is acted on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cloud {
    /// The real one.
    Aws,
    /// The simulated one, whose world lives under the store.
    Sim,
}

/// How the daemon logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// What declarations may ask of this machine. Whoever can merge into the repository is not thereby allowed
/// to read the daemon's files or to take on any role that it could: nothing is allowed that is not named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allow {
    /// Roles for `aws.assume_role`.
    pub assume_roles: BTreeSet<String>,
    /// Variables for `value_from: {env: …}`.
    pub env: BTreeSet<String>,
    /// Files for `value_from: {file: …}`.
    pub files: BTreeSet<PathBuf>,
}

impl Settings {
    /// The directory of the store. Asked for only by verbs that need one.
    ///
    /// # Errors
    /// When nothing says where it is, not even a home directory.
    pub fn store(&self) -> Result<&Path, ConfigError> {
        self.store.as_deref().ok_or(ConfigError::NoStore)
    }

    /// How to open the declarations. `clones` keeps clones of remotes: `repos` under the store, or none for
    /// verbs that must not make a store.
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

/// Reads the file that the flags or `TIDEGATE_CONFIG` name, if they do, and resolves everything. `variable`
/// looks up an environment variable.
///
/// # Errors
/// When the file cannot be read or understood, or a value makes no sense.
pub fn load(flags: &Flags, variable: impl Fn(&str) -> Option<String>) -> Result<Settings, ConfigError> {
    let named = flags.config.clone().or_else(|| variable("TIDEGATE_CONFIG").filter(|path| !path.is_empty()));
    let file = named.map(|path| ConfigFile::read(Path::new(&path))).transpose()?;
    resolve(flags, variable, file.as_ref())
}

/// Decides every setting: flags over variables over file over default. An empty variable is an unset one.
/// Relative paths in the file are relative to the file.
///
/// # Errors
/// When a value makes no sense, or two of them do not go together.
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

/// `--repo` and `--dir` are two ways to say one thing: the highest layer that says either wins, and a
/// revision below it belonged to what it replaced.
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

/// A variable that holds the token must be set only where a remote is used: the same file serves `--dir`.
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
        (None, Some(Given { text: name, origin, .. })) => {
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
