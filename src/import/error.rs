//! Why nothing could be imported.

use thiserror::Error;

use crate::cloud::{CloudError, Kind};
use crate::model::ClusterName;

/// Why nothing could be imported.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ImportError {
    /// There is no such cluster.
    #[error("no cluster is called `{cluster}` in {region} of account {account}")]
    NoCluster {
        /// The one that was asked for.
        cluster: ClusterName,
        /// Where.
        region: String,
        /// …and whose.
        account: String,
        /// Those that are there; empty when nobody may list them.
        known: Vec<ClusterName>,
    },
    /// What everything else hangs on could not be read.
    #[error("cannot read {what}")]
    Unreadable {
        /// What was read.
        what: String,
        /// Why not.
        #[source]
        why: CloudError,
    },
    /// There is no such database.
    #[error("no database is called `{wanted}` here")]
    NoDatabase {
        /// The one that was asked for.
        wanted: String,
        /// Those that are there.
        known: Vec<String>,
    },
    /// A database was asked for, and nobody may list them.
    #[error("the databases cannot be listed: {why}")]
    DatabasesUnreadable {
        /// In words.
        why: String,
    },
    /// A gate was asked for, and there is nothing to close.
    #[error("there is no listener that could be gated: {why}")]
    NoListener {
        /// In words.
        why: String,
    },
    /// A gate was asked for, and nothing says where users are to be sent.
    #[error("the maintenance page is not known: the listener's default action does not lead to one place")]
    NoPage,
}

impl ImportError {
    /// What to do next, in one sentence.
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
                    None => format!("there are {}; or name another region with `--region`", list()),
                }
            }
            ImportError::Unreadable { why, .. } if why.kind == Kind::AccessDenied => {
                "use credentials that may read this account (`AWS_PROFILE`), or a role with `--assume-role`"
                    .to_owned()
            }
            ImportError::Unreadable { .. } => "try again in a moment".to_owned(),
            ImportError::NoDatabase { known, .. } if known.is_empty() => {
                "there is none in this account and region: leave `--database` out".to_owned()
            }
            ImportError::NoDatabase { known, .. } => format!("there are {}", known.join(", ")),
            ImportError::DatabasesUnreadable { .. } => {
                "allow `rds:DescribeDBInstances` and `rds:DescribeDBClusters`, or leave `--database` out"
                    .to_owned()
            }
            ImportError::NoListener { .. } => {
                "leave `--secret` out: the environment is declared without a gate".to_owned()
            }
            ImportError::NoPage => "name it with `--page https://…`".to_owned(),
        })
    }
}
