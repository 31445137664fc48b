//! How tidegate authenticates at a remote.
//!
//! Each kind of credential is tried once: libgit2 asks again after each refusal, without a bound.

use std::path::{Path, PathBuf};

use git2::{Cred, CredentialType, ErrorClass, ErrorCode};
use secrecy::{ExposeSecret, SecretString};

use crate::files;
use crate::source::{RemoteUrl, SourceError};

/// The largest key file that is read: a key has some kilobytes.
const KEY_BYTES_MAX: u64 = 64 * 1024;

/// The largest token file that is read: tokens have some hundred bytes.
const TOKEN_BYTES_MAX: u64 = 16 * 1024;

/// The user that goes with a token when the URL names none. GitHub wants this one; GitLab takes any.
const TOKEN_USER: &str = "x-access-token";

/// The credentials for remotes. `Debug` shows no secret.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    /// The private key for ssh remotes, without a passphrase. None: the ssh agent is used.
    pub ssh_key: Option<PathBuf>,
    /// The token for https remotes. Never sent over plain http.
    pub token: Option<Token>,
}

/// Where a token comes from.
#[derive(Clone, Debug)]
pub enum Token {
    /// A file, read at each connection, so that a rotated token needs no restart.
    File(PathBuf),
    /// The token itself, from an environment variable.
    Value(SecretString),
}

/// The credentials of one connection, and which of them libgit2 was already given.
pub(super) struct CredentialAttempts {
    ssh_key: Option<PathBuf>,
    token: Option<SecretString>,
    tried_user: bool,
    tried_key: bool,
    tried_token: bool,
}

impl Credentials {
    /// Reads the files that this remote may need, so that an unreadable file is reported as such and not as a
    /// refusal by the remote.
    pub(super) fn attempts(&self, url: &RemoteUrl) -> Result<CredentialAttempts, SourceError> {
        let scheme = url.scheme();
        let token = match (&self.token, scheme.as_str()) {
            (Some(Token::File(path)), "https") => Some(read_token(path)?),
            (Some(Token::Value(token)), "https") => Some(token.clone()),
            _ => None,
        };
        let ssh_key = self.ssh_key.clone().filter(|_| scheme == "ssh" || scheme.ends_with("+ssh"));
        if let Some(path) = &ssh_key {
            // libgit2 reads it by itself: it must not read without an end.
            files::read_bounded(path, KEY_BYTES_MAX).map_err(|source| unreadable("ssh key", path, source))?;
        }
        Ok(CredentialAttempts { ssh_key, token, tried_user: false, tried_key: false, tried_token: false })
    }
}

fn read_token(path: &Path) -> Result<SecretString, SourceError> {
    let text = files::read_text_bounded(path, TOKEN_BYTES_MAX)
        .map_err(|source| unreadable("git token", path, source))?;
    Ok(SecretString::from(text.trim().to_owned()))
}

fn unreadable(what: &'static str, path: &Path, source: std::io::Error) -> SourceError {
    SourceError::Credential { what, path: path.to_owned(), source }
}

impl CredentialAttempts {
    /// The token, so that it can be removed from error messages.
    pub(super) fn token(&self) -> Option<SecretString> {
        self.token.clone()
    }

    /// Called by libgit2 until it is satisfied: the next credential that was not tried yet.
    pub(super) fn next(&mut self, user: Option<&str>, allowed: CredentialType) -> Result<Cred, git2::Error> {
        if allowed.is_username() && !self.tried_user {
            self.tried_user = true;
            return Cred::username(user.unwrap_or("git"));
        }
        if allowed.is_ssh_key() && !self.tried_key {
            self.tried_key = true;
            let user = user.unwrap_or("git");
            return match &self.ssh_key {
                Some(key) => Cred::ssh_key(user, None, key, None),
                None => Cred::ssh_key_from_agent(user),
            };
        }
        if allowed.is_user_pass_plaintext() && !self.tried_token {
            self.tried_token = true;
            if let Some(token) = &self.token {
                return Cred::userpass_plaintext(user.unwrap_or(TOKEN_USER), token.expose_secret());
            }
        }
        let was_tried = self.tried_key || self.tried_token && self.token.is_some();
        Err(refused(if was_tried { "it refused the credentials" } else { "it asks for credentials" }))
    }
}

fn refused(message: &str) -> git2::Error {
    git2::Error::new(ErrorCode::Auth, ErrorClass::Callback, message)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn token() -> Credentials {
        Credentials { ssh_key: None, token: Some(Token::Value(SecretString::from("s3cret"))) }
    }

    #[test]
    fn a_token_is_offered_once_and_only_over_https() {
        let mut attempts = token().attempts(&RemoteUrl::new("https://host/x")).unwrap();
        assert!(attempts.next(None, CredentialType::USER_PASS_PLAINTEXT).unwrap().has_username());
        let error = attempts.next(None, CredentialType::USER_PASS_PLAINTEXT).err().unwrap();
        assert_eq!(error.message(), "it refused the credentials");

        let mut attempts = token().attempts(&RemoteUrl::new("http://host/x")).unwrap();
        let error = attempts.next(None, CredentialType::USER_PASS_PLAINTEXT).err().unwrap();
        assert_eq!(error.message(), "it asks for credentials");
    }

    #[test]
    fn ssh_gives_a_user_then_a_key_then_stops() {
        let mut attempts = Credentials::default().attempts(&RemoteUrl::new("ssh://host/x")).unwrap();
        let all = CredentialType::USERNAME | CredentialType::SSH_KEY;
        assert!(attempts.next(None, CredentialType::USERNAME).is_ok());
        assert!(attempts.next(Some("git"), all).is_ok());
        let error = attempts.next(Some("git"), all).err().unwrap();
        assert_eq!(error.code(), ErrorCode::Auth);
    }

    #[test]
    fn a_token_file_is_read_at_each_connection_and_its_absence_is_reported() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let credentials = Credentials { ssh_key: None, token: Some(Token::File(path.clone())) };
        let url = RemoteUrl::new("https://host/x");
        let error = credentials.attempts(&url).err().unwrap();
        assert!(error.to_string().starts_with("cannot read the git token in "), "{error}");
        for token in ["one", "two"] {
            fs::write(&path, format!("{token}\n")).unwrap();
            assert_eq!(credentials.attempts(&url).unwrap().token().unwrap().expose_secret(), token);
        }
        assert!(!format!("{:?}", super::tests::token()).contains("s3cret"));
    }
}
