//! One account, region and role, as every part of this adapter sees it.
//!
//! Architecture Invariant: the session knows none of the parts that use it. What a part keeps between calls is a
//! [`Cache`](super::caches::Cache) of plain values.

use std::sync::Arc;

use super::allowed::Allowed;
use super::caches::Caches;
use super::call::Calls;
use super::clients::Clients;
use super::http::Http;
use super::tokens::Tokens;

/// What every part sends its requests with.
pub(super) struct Session {
    pub(super) clients: Clients,
    pub(super) calls: Calls,
    pub(super) allowed: Arc<Allowed>,
    pub(super) caches: Caches,
    /// Plain HTTP, for registries other than ECR and for checks from outside.
    pub(super) http: Arc<Http>,
    /// Shared by all accounts: registries give their tokens to anonymous readers.
    pub(super) tokens: Arc<Tokens>,
}
