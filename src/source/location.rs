//! Where declarations are (`--repo`, `--dir`), and how a URL is shown without its credentials.
//!
//! It knows no git: the configuration parses locations, too, and every message about a remote passes through
//! [`RemoteUrl::redact`].

use std::fmt;
use std::path::{Path, PathBuf};

use url::Url;

/// Where declarations are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// Plain files.
    Dir(PathBuf),
    /// A repository on this machine: tidegate opens it in place and reads its commits only.
    LocalRepo(PathBuf),
    /// A remote repository: tidegate clones it.
    Remote(RemoteUrl),
}

impl Location {
    /// Reads the value of `--repo`. `scheme://…` and git's short form `user@host:path` are remotes; anything else is
    /// a path, joined to `base` if it is relative.
    pub fn repo(text: &str, base: &Path) -> Location {
        if text.contains("://") || is_short_form(text) {
            Location::Remote(RemoteUrl::new(text))
        } else {
            Location::LocalRepo(base.join(text))
        }
    }
}

/// As git decides: a colon before any slash. A path with a colon in its first part needs `./` before it.
fn is_short_form(text: &str) -> bool {
    text.split('/').next().is_some_and(|first| first.find(':').is_some_and(|at| at > 0))
}

/// A remote's URL. It prints without user, password, query and fragment, which may be secret.
#[derive(Clone, PartialEq, Eq)]
pub struct RemoteUrl {
    raw: String,
    shown: String,
    secrets: Vec<String>,
}

impl RemoteUrl {
    /// Wraps a URL as the user wrote it. git refuses one that cannot be parsed.
    pub fn new(text: &str) -> Self {
        let raw = text.trim().to_owned();
        let (shown, secrets) = match Url::parse(&raw) {
            Ok(url) if raw.contains("://") => strip(url),
            _ => strip_unparsed(&raw),
        };
        Self { raw, shown, secrets }
    }

    /// The URL with everything in it: only for the call to git.
    pub(super) fn with_credentials(&self) -> &str {
        &self.raw
    }

    /// The scheme, in lower case; git's short form is `ssh`.
    pub fn scheme(&self) -> String {
        self.raw.split_once("://").map_or("ssh".to_owned(), |(scheme, _)| scheme.to_ascii_lowercase())
    }

    /// The port, where the URL names one.
    pub(super) fn port(&self) -> Option<u16> {
        Url::parse(&self.raw).ok()?.port()
    }

    /// `message` with this URL and its secrets taken out: git repeats URLs in its errors.
    pub(super) fn redact(&self, message: &str) -> String {
        let mut text = message.replace(&self.raw, &self.shown);
        for secret in &self.secrets {
            text = text.replace(secret.as_str(), "***");
        }
        text
    }
}

/// The URL that may be shown, and the secret parts of it.
fn strip(mut url: Url) -> (String, Vec<String>) {
    // A user without a password is a token for many https servers. Other users are no secret, and taking
    // `git` out of every message would only garble them.
    let lone_user = url.password().is_none() && url.scheme().starts_with("http");
    let user = Some(url.username()).filter(|_| lone_user);
    let mut secrets: Vec<String> = [user, url.password(), url.query(), url.fragment()]
        .into_iter()
        .flatten()
        .filter(|part| !part.is_empty())
        .flat_map(|part| [part.to_owned(), decoded(part)])
        .collect();
    // The longest first, so that no part of a secret survives the removal of a shorter one.
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    secrets.dedup();
    // Neither can fail where there was a user or a password to begin with.
    let _ = url.set_password(None);
    let _ = url.set_username("");
    url.set_query(None);
    url.set_fragment(None);
    (url.to_string(), secrets)
}

/// For the short form, and for a text that is no URL: removes everything before the last `@` of the first part.
fn strip_unparsed(raw: &str) -> (String, Vec<String>) {
    let bare = raw.split(['?', '#']).next().unwrap_or(raw);
    let start = bare.find("://").map_or(0, |at| at + "://".len());
    let end = bare[start..].find('/').map_or(bare.len(), |at| start + at);
    match bare[start..end].rfind('@') {
        None => (bare.to_owned(), Vec::new()),
        Some(at) => {
            let user = &bare[start..start + at];
            let shown = format!("{}{}", &bare[..start], &bare[start + at + 1..]);
            // The short form is ssh, whose users are no secret.
            (shown, if start > 0 { vec![user.to_owned()] } else { Vec::new() })
        }
    }
}

fn decoded(part: &str) -> String {
    // A pair of a form is percent-decoded by the same rules, save for `+`, which is kept apart here.
    let shielded = part.replace('+', "%2B").replace('&', "%26").replace('=', "%3D");
    url::form_urlencoded::parse(shielded.as_bytes())
        .next()
        .map_or_else(|| part.to_owned(), |(name, _)| name.into_owned())
}

impl fmt::Display for RemoteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.shown)
    }
}

impl fmt::Debug for RemoteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RemoteUrl").field(&self.shown).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_remotes_from_paths() {
        for (text, remote) in [
            ("https://github.com/graasp/deploy", true),
            ("ssh://git@github.com/graasp/deploy.git", true),
            ("file:///srv/deploy.git", true),
            ("git@github.com:graasp/deploy.git", true),
            ("github.com:graasp/deploy.git", true),
            (".", false),
            ("../deploy", false),
            ("/srv/deploy", false),
            ("./odd:name", false),
            ("deploy/a:b", false),
        ] {
            let location = Location::repo(text, Path::new("/base"));
            assert_eq!(matches!(location, Location::Remote(_)), remote, "{text}");
        }
        assert_eq!(Location::repo("deploy", Path::new("/base")), Location::LocalRepo("/base/deploy".into()));
        assert_eq!(Location::repo("/srv/x", Path::new("/base")), Location::LocalRepo("/srv/x".into()));
    }

    #[test]
    fn shows_no_credentials_whatever_the_form() {
        for (text, shown) in [
            ("https://github.com/graasp/deploy", "https://github.com/graasp/deploy"),
            ("https://ann:s3cret@github.com/graasp/deploy", "https://github.com/graasp/deploy"),
            ("https://s3cret@github.com/graasp/deploy", "https://github.com/graasp/deploy"),
            ("https://host/deploy?token=s3cret#s3cret", "https://host/deploy"),
            ("ssh://git:s3cret@host:2222/deploy", "ssh://host:2222/deploy"),
            ("git@github.com:graasp/deploy.git", "github.com:graasp/deploy.git"),
            ("s3cret@host:deploy.git", "host:deploy.git"),
            ("https://ann:s3cret@ho st/deploy", "https://ho st/deploy"),
        ] {
            let url = RemoteUrl::new(text);
            assert_eq!(url.to_string(), shown, "{text}");
            assert!(!format!("{url:?}").contains("s3cret"), "{text}");
        }
    }

    #[test]
    fn takes_secrets_out_of_messages() {
        for (text, message) in [
            ("https://ann:s3cret@host/x", "could not read https://ann:s3cret@host/x"),
            ("https://ann:s3cret@host/x", "authentication of s3cret refused"),
            ("https://ann:s3%40cret@host/x", "authentication of s3@cret refused"),
            ("https://ann:s3%40cret@host/x", "authentication of s3%40cret refused"),
            ("https://host/x?key=s3cret", "no such thing: /x?key=s3cret"),
        ] {
            let redacted = RemoteUrl::new(text).redact(message);
            assert!(!redacted.contains("cret"), "{redacted}");
        }
    }
}
