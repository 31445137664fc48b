//! The declarations: YAML in, a spec that is valid by construction out, every problem with its place.
//!
//! `raw` mirrors the file, `validate` turns the mirror into [`EnvironmentSpec`], `diagnostic` says what is
//! wrong and where. Whoever holds an [`EnvironmentSpec`] never has to ask again whether a name exists.

mod decode;
mod diagnostic;
mod environment;
mod extends;
mod places;
mod suggest;
mod tree;

pub use diagnostic::{Code, Diagnostic, Place, Severity, render, summary, wire};
pub use environment::{
    AdoptRevision, Autoscaling, Bypass, Check, CloudFrontGate, DatabaseSpec, DatabaseTarget, EnvironmentSpec,
    ListenerTarget, Maintenance, MigrationSpec, NeededFor, SecretSource, ServiceSpec, SiteSpec,
    SnapshotPolicy, Template,
};
