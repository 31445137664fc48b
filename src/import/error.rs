//! Failures of an import, with their hints.

use thiserror::Error;

use crate::cloud::{CloudError, Kind};
use crate::model::ClusterName;

/// Why an import failed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ImportError {
    /// The cluster does not exist.
    #[error("there is no cluster `{cluster}` in {region} of account {account}")]
    NoCluster {
        /// The name that was given.
        cluster: ClusterName,
        /// The region that was searched.
        region: String,
        /// The account of the credentials.
        account: String,
        /// The clusters that exist; empty when they cannot be listed.
        known: Vec<ClusterName>,
    },
    /// A resource without which there is nothing to declare could not be read.
    #[error("cannot read {what}")]
    Unreadable {
        /// The resource.
        what: String,
        /// The failure.
        #[source]
        why: CloudError,
    },
    /// `--database` names a database that does not exist.
    #[error("there is no database `{wanted}` in this account and region")]
    NoDatabase {
        /// The name that was given.
        wanted: String,
        /// The databases that exist.
        known: Vec<String>,
    },
    /// `--database` is given, but the databases could not be listed.
    #[error("the databases cannot be listed: {why}")]
    DatabasesUnreadable {
        /// The reason, for an operator to read.
        why: String,
    },
    /// `--secret` is given, but there is no listener to close.
    #[error("there is no listener for the gate: {why}")]
    NoListener {
        /// The reason, for an operator to read.
        why: String,
    },
    /// `--secret` is given, but neither `--page` nor the listener names the maintenance page.
    #[error("the maintenance page is unknown: the listener's default action does not redirect to one page")]
    NoPage,
}

impl ImportError {
    /// The next step for the operator, in one sentence.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            ImportError::NoCluster { cluster, known, .. } => {
                let near = known
                    .iter()
                    .map(|name| (strsim::jaro_winkler(name.as_str(), cluster.as_str()), name))
                    .filter(|(alike, _)| *alike > 0.8)
                    .max_by(|(one, _), (other, _)| one.total_cmp(other));
                let list = || known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
                match near {
                    Some((_, near)) => format!("did you mean `{near}`?"),
                    None if known.is_empty() => "check the name, and the region with `--region`".to_owned(),
                    None => format!("this region has {}; for another region, use `--region`", list()),
                }
            }
            ImportError::Unreadable { why, .. }
                if matches!(why.kind, Kind::AccessDenied | Kind::Credentials) =>
            {
                "use credentials that may read this account (`AWS_PROFILE`), or a role with `--assume-role`"
                    .to_owned()
            }
            ImportError::Unreadable { .. } => "try again in a moment".to_owned(),
            ImportError::NoDatabase { known, .. } if known.is_empty() => {
                "this account and region has no database: leave `--database` out".to_owned()
            }
            ImportError::NoDatabase { known, .. } => {
                format!("this account and region has {}", known.join(", "))
            }
            ImportError::DatabasesUnreadable { .. } => {
                "allow `rds:DescribeDBInstances` and `rds:DescribeDBClusters`, or leave `--database` out"
                    .to_owned()
            }
            ImportError::NoListener { .. } => {
                "leave `--secret` out, and the environment is declared without a gate".to_owned()
            }
            ImportError::NoPage => "name the page with `--page https://…`".to_owned(),
        })
    }
}
