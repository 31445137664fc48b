//! Statuses of databases and snapshots, in the port's classes. Pure.

use crate::cloud::{DatabaseStatus, SnapshotStatus};

/// <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html>
/// <https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/accessing-monitoring.html>
pub(super) fn read(word: &str) -> DatabaseStatus {
    match word {
        "available" | "storage-optimization" => DatabaseStatus::Available,
        "stopped" => DatabaseStatus::Stopped,
        "starting" => DatabaseStatus::Starting,
        "stopping" => DatabaseStatus::Stopping,
        "failed"
        | "storage-full"
        | "insufficient-capacity"
        | "restore-error"
        | "cloning-failed"
        | "migration-failed"
        | "deleting"
        | "delete-precheck"
        | "" => DatabaseStatus::Broken(word.to_owned()),
        word if word.starts_with("incompatible-") || word.starts_with("inaccessible-") => {
            DatabaseStatus::Broken(word.to_owned())
        }
        // backing-up, modifying, rebooting, upgrading, maintenance, configuring-…, and statuses that are not known yet.
        word => DatabaseStatus::Busy(word.to_owned()),
    }
}

/// The status of a cluster together with its writer: the one that is further from being usable, or from being stopped.
pub(super) fn worse(cluster: DatabaseStatus, writer: DatabaseStatus) -> DatabaseStatus {
    use DatabaseStatus::{Available, Broken, Busy, Starting, Stopped, Stopping};
    match (cluster, writer) {
        (Broken(word), _) | (_, Broken(word)) => Broken(word),
        (Busy(word), _) | (_, Busy(word)) => Busy(word),
        (Stopping, _) | (_, Stopping) => Stopping,
        (Starting, _) | (_, Starting) => Starting,
        (Stopped, Stopped) => Stopped,
        (Available, Available) => Available,
        // The cluster's status comes before its writer's.
        (Stopped, Available) => Stopping,
        (Available, Stopped) => Starting,
    }
}

/// A snapshot with an unknown status is still being created.
pub(super) fn read_snapshot(word: &str) -> SnapshotStatus {
    match word {
        "available" => SnapshotStatus::Available,
        word if word == "failed" || word.starts_with("incompatible-") => SnapshotStatus::Failed,
        _ => SnapshotStatus::Creating,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_has_its_meaning() {
        let busy = |word: &str| DatabaseStatus::Busy(word.to_owned());
        let broken = |word: &str| DatabaseStatus::Broken(word.to_owned());
        for (word, meaning) in [
            ("available", DatabaseStatus::Available),
            ("storage-optimization", DatabaseStatus::Available),
            ("stopped", DatabaseStatus::Stopped),
            ("stopping", DatabaseStatus::Stopping),
            ("starting", DatabaseStatus::Starting),
            ("backing-up", busy("backing-up")),
            ("configuring-enhanced-monitoring", busy("configuring-enhanced-monitoring")),
            ("maintenance", busy("maintenance")),
            ("a-word-of-tomorrow", busy("a-word-of-tomorrow")),
            ("storage-full", broken("storage-full")),
            ("incompatible-network", broken("incompatible-network")),
            ("inaccessible-encryption-credentials", broken("inaccessible-encryption-credentials")),
        ] {
            assert_eq!(read(word), meaning);
        }
    }

    #[test]
    fn a_cluster_is_off_when_both_are_off_and_on_when_both_are_on() {
        let words = ["available", "stopped", "starting", "stopping", "backing-up", "failed"];
        for (cluster, writer, both) in [
            ("available", "available", "available"),
            ("stopped", "stopped", "stopped"),
            ("available", "starting", "starting"),
            ("stopped", "available", "stopping"),
            ("available", "stopped", "starting"),
            ("stopping", "stopped", "stopping"),
            ("available", "backing-up", "backing-up"),
            ("backing-up", "failed", "failed"),
        ] {
            assert_eq!(worse(read(cluster), read(writer)).to_string(), both, "{cluster} and {writer}");
        }
        for (cluster, writer) in words.iter().flat_map(|one| words.iter().map(move |two| (one, two))) {
            let is = |both: &str| worse(read(cluster), read(writer)).to_string() == both;
            assert_eq!(is("available"), *cluster == "available" && *writer == "available");
            assert_eq!(is("stopped"), *cluster == "stopped" && *writer == "stopped");
        }
    }
}
