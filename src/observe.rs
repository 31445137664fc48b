//! Reads reality into one value. What could not be read is `Unreadable`, never absent.

mod snapshot;

pub use snapshot::{
    CodeSeen, DatabaseSeen, DistributionSeen, FunctionSeen, HeaderSeen, ListenerSeen, MigrationSeen,
    Observed, RuleSeen, RuleTarget, RunningVersion, ServiceSeen, SiteSeen, Snapshot, TrafficSeen,
};
