//! What tidegate must have read, or be able to use, before an action: going down needs less than going up.
//!
//! Whatever else is unreadable, gone or refused does not keep an action from being planned and carried out.

use super::kind::ActionKind;

/// Something that an action reads or uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Need {
    /// The cluster and its tags.
    Cluster,
    /// DescribeServices.
    Service,
    /// The tasks of a service.
    Tasks,
    /// The scalable target of a service.
    Scaling,
    /// The deployed revision, and the newest of its family.
    Definition,
    /// The images of the wanted version, in their registries.
    Images,
    /// The listener of the load balancer: without one, no request arrives.
    Listener,
    /// That the listener's rules can be read.
    Rules,
    /// The CloudFront function.
    Function,
    /// The distributions that call the function.
    Distributions,
    /// The bypass secret.
    Secret,
    /// The database.
    Database,
    /// The snapshots of the database.
    Snapshots,
    /// The revisions of the migration family.
    MigrationFamily,
    /// The tasks of the migration family.
    MigrationTasks,
    /// The service whose network the migration uses.
    MigrationNetwork,
    /// The tasks of the cluster that belong to no declared service.
    Strangers,
    /// The bucket of a site, and the release in another bucket.
    Site,
}

impl ActionKind {
    /// Everything that this action needs.
    pub fn needs(&self) -> &'static [Need] {
        use Need::{
            Cluster, Database, Definition, Distributions, Function, Images, Listener, MigrationFamily,
            MigrationNetwork, MigrationTasks, Rules, Scaling, Secret, Service, Site, Snapshots, Strangers,
            Tasks,
        };
        match self {
            ActionKind::ClaimOwner { .. } => &[Cluster],
            ActionKind::RecordSchema { .. } => &[Database],
            ActionKind::AssociateFunction { .. } => &[Function, Distributions],
            ActionKind::StageSite { .. } | ActionKind::SwitchSite { .. } | ActionKind::Invalidate { .. } => {
                &[Site]
            }
            // A release begins after a preflight of everything.
            ActionKind::BeginRelease { .. } => &[
                Cluster,
                Service,
                Tasks,
                Scaling,
                Definition,
                Images,
                Listener,
                Rules,
                Function,
                Distributions,
                Secret,
                Database,
                Snapshots,
                MigrationFamily,
                MigrationTasks,
                MigrationNetwork,
                Strangers,
                Site,
            ],
            // Without the bypass secret the gate closes with a random value.
            ActionKind::CloseGate { function: false, .. } => &[Listener, Rules],
            ActionKind::CloseGate { rules, function: true, .. } if rules.is_empty() => &[Function],
            ActionKind::CloseGate { .. } => &[Listener, Rules, Function],
            ActionKind::OpenGate { function: false, .. } => &[Listener, Rules],
            ActionKind::OpenGate { .. } => &[Listener, Rules, Function],
            // Users are kept out first, and they come through the rules.
            ActionKind::StopService { .. } => &[Service, Tasks, Scaling, Rules],
            ActionKind::AwaitTasks { .. } => &[Strangers, Rules],
            ActionKind::StartDatabase => &[Database],
            // Every task that may use it must be seen to be gone.
            ActionKind::StopDatabase => {
                &[Database, Service, Tasks, Scaling, Rules, MigrationTasks, Strangers]
            }
            ActionKind::TakeSnapshot { .. } | ActionKind::PruneSnapshots { .. } => &[Database, Snapshots],
            ActionKind::Migrate(_) => &[
                Service,
                Tasks,
                Rules,
                Function,
                Database,
                Snapshots,
                MigrationFamily,
                MigrationTasks,
                MigrationNetwork,
                Strangers,
            ],
            ActionKind::EndLostMigration { .. } => &[Database, MigrationTasks],
            ActionKind::StartService(_) => &[Service, Tasks, Scaling, Definition],
            ActionKind::RestoreRollback { .. } => &[Service],
            ActionKind::Check { .. } => &[Rules, Secret],
            ActionKind::Drain { .. }
            | ActionKind::Settle { .. }
            | ActionKind::FinishRelease { .. }
            | ActionKind::GiveUpRelease { .. } => &[],
        }
    }
}
