//! The declarations: YAML in, a spec that is valid by construction out, every problem with its place.
//!
//! `raw` mirrors the file, `validate` turns the mirror into [`EnvironmentSpec`], `diagnostic` says what is
//! wrong and where. Whoever holds an [`EnvironmentSpec`] never has to ask again whether a name exists.

mod environment;

pub use environment::{
    AdoptRevision, Autoscaling, Bypass, Check, CloudFrontGate, DatabaseSpec, DatabaseTarget, EnvironmentSpec,
    ListenerTarget, Maintenance, MigrationSpec, NeededFor, SecretSource, ServiceSpec, SiteSpec,
    SnapshotPolicy, Template,
};
