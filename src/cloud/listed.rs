//! Lists of databases and listeners in an account and region, for `import`.

use super::DatabaseStatus;
use crate::spec::{DatabaseTarget, ListenerTarget};

/// A database in the list of a region.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedDatabase {
    /// Its identifier. Instances of an Aurora cluster are not listed on their own.
    pub target: DatabaseTarget,
    /// Host names of its endpoints and of its members', in lower case. A stopped database may have none.
    pub addresses: Vec<String>,
    /// Its status; for Aurora the worse of the cluster's and its writer's.
    pub status: DatabaseStatus,
    /// It is a read replica.
    pub is_replica: bool,
    /// Why AWS cannot stop it; `None`: it can be stopped.
    pub unstoppable: Option<String>,
}

/// A listener of a load balancer in front of given target groups.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedListener {
    /// The load balancer's name, and the port.
    pub target: ListenerTarget,
    /// Its protocol is HTTPS.
    pub is_https: bool,
    /// The URL that its default action redirects to, if that is the same for every request.
    pub redirects_to: Option<url::Url>,
}
