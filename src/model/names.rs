//! Names that must not be mixed up. Each has its own type; all are plain text in JSON.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Wraps text that the caller has already checked.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

name! {
    /// An environment: `production`.
    EnvironmentName
}
name! {
    /// An ECS cluster.
    ClusterName
}
name! {
    /// An ECS service inside the environment's cluster.
    ServiceName
}
name! {
    /// A container inside a task definition.
    ContainerName
}
name! {
    /// A task-definition family.
    FamilyName
}
name! {
    /// A key of `versions:`.
    VersionKey
}
name! {
    /// A key of `sites:`.
    SiteName
}
name! {
    /// A load-balancer rule.
    RuleArn
}
name! {
    /// One run: sorts by time, unique in its store.
    RunId
}
name! {
    /// The identity of a store: what the owner tag of a cluster names.
    StoreId
}
