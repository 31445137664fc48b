//! What holds of the platform in the middle of whatever, and what at the end of a release.

use tidegate::cloud::{CloudRead as _, Rollback, tag};
use tidegate::store::journal::read_ledger;
use tidegate::store::{LocalStore, Store as _};

use super::Graasp;
use super::look::{Gate, is_of};

impl Graasp {
    /// Whoever gets through meets a whole platform, in the middle of whatever; how long the journal is.
    pub(super) async fn assert_sound(&self, earlier: &str, to: &str) -> usize {
        let (gate, migrations) = (self.gate().await, self.migrations(to));
        assert!(migrations.len() <= 1, "{to}: {migrations:?}");
        if gate != Gate::Closed {
            let (has_begun, runs) =
                (!migrations.is_empty(), if migrations.is_empty() { earlier } else { to });
            assert!(!has_begun || migrations[0].1 == Some(0), "{gate:?} while {to} is migrated");
            self.assert_whole(runs, &format!("{gate:?} on the way from {earlier} to {to}")).await;
        }
        self.assert_no_old_code(earlier, to);
        self.assert_free()
    }

    /// A release is over, and everything is as declared.
    pub(super) async fn assert_released(&self, earlier: &str, to: &str) {
        let migrations: Vec<Option<i64>> = self.migrations(to).into_iter().map(|(_, code)| code).collect();
        assert_eq!((self.gate().await, migrations), (Gate::Open, vec![Some(0)]), "{to}");
        self.assert_whole(to, "released").await;
        self.assert_no_old_code(earlier, to);
        self.assert_free();
        let tags = self.tags().await;
        assert_eq!((tags[tag::SCHEMA].as_str(), tags.get(tag::MIGRATING)), (to, None));
        let way = format!("{earlier}/{to}");
        let snapshots = self.snapshots().await;
        assert_eq!(
            snapshots.iter().filter(|snapshot| snapshot.tags.get(tag::SNAPSHOT) == Some(&way)).count(),
            1
        );
        let cluster = self.wanted().spec.cluster;
        let services = self.cloud.services(&cluster, &["graasp".into(), "workers".into()]).await.unwrap();
        let as_before = Rollback { circuit_breaker: true, alarms: false };
        assert!(services.values().all(|service| service.rollback == as_before), "{to}");
    }

    /// Every service has its tasks, and those that follow the schema run its version, which is recorded.
    async fn assert_whole(&self, version: &str, about: &str) {
        let services = self.services().await;
        for (name, declared) in &self.wanted().spec.services {
            let (desired, running, tag) = &services[name.as_str()];
            assert_eq!((*desired, *running), (declared.count, declared.count), "{about}: `{name}`");
            let follows = match name.as_str() {
                "graasp" => format!("core-{version}"),
                "workers" => format!("workers-{version}"),
                _ => continue,
            };
            assert_eq!(*tag, follows, "{about}: `{name}`");
        }
        assert_eq!(self.tags().await[tag::SCHEMA], version, "{about}");
    }

    /// From the moment the migration began, nothing of the version before it was started.
    fn assert_no_old_code(&self, earlier: &str, to: &str) {
        let Some((begun, _)) = self.migrations(to).first().copied() else { return };
        let old = [format!("core-{earlier}"), format!("workers-{earlier}")];
        let late: Vec<_> = self.started().into_iter().skip(begun).collect();
        let found = late.iter().find(|container| old.iter().any(|tag| is_of(container, tag)));
        assert!(found.is_none(), "{found:?} after the migration to {to}");
    }

    /// Nobody holds the lease any more, and the journal can be read: how many lines it has.
    fn assert_free(&self) -> usize {
        let (store, name) = (LocalStore::open_existing(self.store()).unwrap(), self.wanted().spec.name);
        assert_eq!(store.lease_holder(&name).unwrap(), None);
        read_ledger(&store, &name).unwrap();
        store.read_log(&name).unwrap().lines.len()
    }
}
