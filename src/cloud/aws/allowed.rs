//! What declarations may ask of this machine and of its credentials.

use std::collections::BTreeSet;
use std::path::PathBuf;

/// Roles, variables and files that declarations may name. A person who can merge into the repository must not be
/// able to read any file here or assume any role: only what the operator of this machine lists is allowed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowed {
    /// ARNs of roles to assume (`allow.assume_roles`).
    pub roles: BTreeSet<String>,
    /// Environment variables that may hold the bypass secret (`allow.env`).
    pub variables: BTreeSet<String>,
    /// Files that may hold the bypass secret (`allow.files`).
    pub files: BTreeSet<PathBuf>,
}
