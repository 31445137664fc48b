//! Tokens that registries gave to anonymous readers, until they expire.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};

use secrecy::SecretString;

use crate::clock::Monotonic;

/// Tokens by repository (`registry-1.docker.io/library/redis`): a token is good for one repository.
#[derive(Debug, Default)]
pub(super) struct Tokens(Mutex<BTreeMap<String, (Monotonic, SecretString)>>);

impl Tokens {
    /// A token for this repository that has not expired.
    pub(super) fn get(&self, repository: &str, now: Monotonic) -> Option<SecretString> {
        let tokens = self.entries();
        tokens.get(repository).filter(|(until, _)| *until > now).map(|(_, token)| token.clone())
    }

    /// Keeps a token until it expires; expired ones are dropped, so the list does not grow.
    pub(super) fn put(&self, repository: String, token: SecretString, until: Monotonic, now: Monotonic) {
        let mut tokens = self.entries();
        tokens.retain(|_, (until, _)| *until > now);
        tokens.insert(repository, (until, token));
    }

    fn entries(&self) -> MutexGuard<'_, BTreeMap<String, (Monotonic, SecretString)>> {
        self.0.lock().expect("nothing panics while it looks something up")
    }
}
