//! What an account and region has, for whoever does not know it yet.

use super::DatabaseStatus;
use crate::spec::{DatabaseTarget, ListenerTarget};

/// A database among all of a region.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedDatabase {
    /// What it is called. Instances of an Aurora cluster are not listed for themselves.
    pub target: DatabaseTarget,
    /// Host names under which it answers, those of its members too, in lower case. A stopped one may have none.
    pub addresses: Vec<String>,
    /// What it does now; for Aurora the worse of the cluster's and its writer's.
    pub status: DatabaseStatus,
    /// It follows another one.
    pub is_replica: bool,
    /// Why it cannot be stopped, if it cannot.
    pub unstoppable: Option<String>,
}

/// A listener of a balancer that stands in front of given target groups.
#[derive(Clone, Debug, PartialEq)]
pub struct ListedListener {
    /// Balancer and port.
    pub target: ListenerTarget,
    /// It speaks TLS.
    pub is_https: bool,
    /// Where its default action sends users, if that is one place whatever they asked for.
    pub redirects_to: Option<url::Url>,
}
