//! How to show a remote who we are.
//!
//! Every way is tried once: libgit2 asks again after each refusal, and would ask for ever.

use std::fs;
use std::path::PathBuf;

use git2::{Cred, CredentialType, ErrorClass, ErrorCode};
use secrecy::{ExposeSecret, SecretString};

use crate::source::{RemoteUrl, SourceError};

/// The largest token file that is read: tokens have some hundred bytes.
const TOKEN_BYTES_MAX: u64 = 16 * 1024;

/// The user that goes with a token when the URL names none. GitHub wants this one; GitLab takes any.
const TOKEN_USER: &str = "x-access-token";

/// What may be shown to remotes. `Debug` shows no secret.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    /// The private key for ssh remotes, without a passphrase. None: the agent is asked.
    pub ssh_key: Option<PathBuf>,
    /// The token for https remotes. Never sent over plain http.
    pub token: Option<Token>,
}

/// Where a token comes from.
#[derive(Clone, Debug)]
pub enum Token {
    /// A file, read at each connection: a rotated token needs no restart.
    File(PathBuf),
    /// The token itself, from a variable.
    Value(SecretString),
}

/// The answers to one connection's questions.
pub(super) struct Answers {
    ssh_key: Option<PathBuf>,
    token: Option<SecretString>,
    tried_user: bool,
    tried_key: bool,
    tried_token: bool,
}

impl Credentials {
    /// Reads what this remote may need, so that an unreadable file is named as such and not as a refusal.
    pub(super) fn answers(&self, url: &RemoteUrl) -> Result<Answers, SourceError> {
        let scheme = url.scheme();
        let token = match (&self.token, scheme.as_str()) {
            (Some(Token::File(path)), "https") => Some(read_token(path)?),
            (Some(Token::Value(token)), "https") => Some(token.clone()),
            _ => None,
        };
        let ssh_key = self.ssh_key.clone().filter(|_| scheme == "ssh" || scheme.ends_with("+ssh"));
        if let Some(path) = &ssh_key {
            fs::File::open(path).map_err(|source| unreadable("ssh key", path, source))?;
        }
        Ok(Answers { ssh_key, token, tried_user: false, tried_key: false, tried_token: false })
    }
}

fn read_token(path: &PathBuf) -> Result<SecretString, SourceError> {
    use std::io::Read;
    let mut text = String::new();
    fs::File::open(path)
        .and_then(|file| file.take(TOKEN_BYTES_MAX).read_to_string(&mut text))
        .map_err(|source| unreadable("git token", path, source))?;
    Ok(SecretString::from(text.trim().to_owned()))
}

fn unreadable(what: &'static str, path: &std::path::Path, source: std::io::Error) -> SourceError {
    SourceError::Credential { what, path: path.to_owned(), source }
}

impl Answers {
    /// The token, so that it can be taken out of messages as well.
    pub(super) fn token(&self) -> Option<SecretString> {
        self.token.clone()
    }

    /// What libgit2 asks for: the next way that has not been tried.
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
        Err(refused(if was_tried { "the credentials were not accepted" } else { "it asks for credentials" }))
    }
}

fn refused(message: &str) -> git2::Error {
    git2::Error::new(ErrorCode::Auth, ErrorClass::Callback, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> Credentials {
        Credentials { ssh_key: None, token: Some(Token::Value(SecretString::from("s3cret"))) }
    }

    #[test]
    fn a_token_is_offered_once_and_only_over_https() {
        let mut answers = token().answers(&RemoteUrl::new("https://host/x")).unwrap();
        assert!(answers.next(None, CredentialType::USER_PASS_PLAINTEXT).unwrap().has_username());
        let error = answers.next(None, CredentialType::USER_PASS_PLAINTEXT).err().unwrap();
        assert_eq!(error.message(), "the credentials were not accepted");

        let mut answers = token().answers(&RemoteUrl::new("http://host/x")).unwrap();
        let error = answers.next(None, CredentialType::USER_PASS_PLAINTEXT).err().unwrap();
        assert_eq!(error.message(), "it asks for credentials");
    }

    #[test]
    fn ssh_is_asked_for_a_user_then_a_key_and_no_more() {
        let mut answers = Credentials::default().answers(&RemoteUrl::new("ssh://host/x")).unwrap();
        let all = CredentialType::USERNAME | CredentialType::SSH_KEY;
        assert!(answers.next(None, CredentialType::USERNAME).is_ok());
        assert!(answers.next(Some("git"), all).is_ok());
        let error = answers.next(Some("git"), all).err().unwrap();
        assert_eq!(error.code(), ErrorCode::Auth);
    }

    #[test]
    fn a_token_file_is_read_again_each_time_and_missed_loudly() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let credentials = Credentials { ssh_key: None, token: Some(Token::File(path.clone())) };
        let url = RemoteUrl::new("https://host/x");
        let error = credentials.answers(&url).err().unwrap();
        assert!(error.to_string().starts_with("cannot read the git token in "), "{error}");
        for token in ["one", "two"] {
            fs::write(&path, format!("{token}\n")).unwrap();
            assert_eq!(credentials.answers(&url).unwrap().token().unwrap().expose_secret(), token);
        }
        assert!(!format!("{:?}", super::tests::token()).contains("s3cret"));
    }
}
