//! The location of a cluster that is not declared yet.

use crate::model::ClusterName;

/// The location of a cluster, as far as the command line names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterLocation {
    /// The name of the cluster.
    pub cluster: ClusterName,
    /// `eu-central-2`; `None`: the region that this machine is configured for.
    pub region: Option<String>,
    /// Twelve digits; `None`: the account of the credentials.
    pub account: Option<String>,
    /// A role to assume. A role on the command line needs no entry under `allow.assume_roles`.
    pub assume_role: Option<String>,
}
