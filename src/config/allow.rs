//! The parts of this machine that declarations may use.

use std::collections::BTreeSet;
use std::path::PathBuf;

/// The roles, variables and files of this machine that declarations may use. Permission to merge into the repository is
/// no permission to read the daemon's files or to use its roles, so everything that is not named here is refused.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allow {
    /// The ARNs that `aws.assume_role` may name.
    pub assume_roles: BTreeSet<String>,
    /// The variables that `value_from: {env: …}` may name.
    pub env: BTreeSet<String>,
    /// The files that `value_from: {file: …}` may name.
    pub files: BTreeSet<PathBuf>,
}
