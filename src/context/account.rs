//! An account and region before anything is declared there, for `import`.
//!
//! It needs no store and makes none, and it only reads: on AWS, and in a simulated world.

use std::future::Future;
use std::sync::Arc;

use tokio::runtime::Runtime;

use super::ContextError;
use super::aws;
use super::backend::{SEED, runtime};
use super::location::ClusterLocation;
use crate::clock::{Clock, SystemClock};
use crate::cloud::CloudRead;
use crate::config::{Cloud, Settings};
use crate::sim::{SimClock, SimCloud, WorldFolder};

/// One account and region, readable.
pub struct AccountContext {
    region: String,
    cloud: Arc<dyn CloudRead>,
    time: Time,
}

enum Time {
    Real(Runtime),
    Simulated(SimClock),
}

impl AccountContext {
    /// Finds the region and prepares to read it. Sends no request to AWS.
    ///
    /// # Errors
    /// When nothing names a region, or there is no simulated world.
    pub fn open(settings: &Settings, place: &ClusterLocation) -> Result<Self, ContextError> {
        match settings.cloud {
            Cloud::Aws => Self::real(settings, place),
            Cloud::Sim => Self::simulated(settings, place),
        }
    }

    fn real(settings: &Settings, place: &ClusterLocation) -> Result<Self, ContextError> {
        let runtime = runtime()?;
        let (region, cloud) = aws::region(settings, place, &runtime)?;
        Ok(Self { region, cloud, time: Time::Real(runtime) })
    }

    /// The simulated region that has the cluster. `place` decides among several.
    fn simulated(settings: &Settings, place: &ClusterLocation) -> Result<Self, ContextError> {
        let root = settings.store()?.join("sim");
        let folder = WorldFolder::new(&root);
        if !folder.exists() {
            return Err(ContextError::NoWorld { folder: root });
        }
        let now = SystemClock.now();
        let world = folder.look(&[], SEED, now).map_err(ContextError::World)?;
        let is_meant = |region: &&crate::sim::Region| {
            place.region.as_ref().is_none_or(|name| *name == region.name)
                && place.account.as_ref().is_none_or(|account| *account == region.account)
        };
        let has_it = |region: &&&crate::sim::Region| region.clusters.contains_key(place.cluster.as_str());
        let meant: Vec<_> = world.regions.iter().filter(is_meant).collect();
        let found: Vec<_> = meant.iter().filter(has_it).copied().collect();
        if found.len() > 1 {
            let places = found.iter().map(|region| format!("{} of account {}", region.name, region.account));
            let (cluster, places) = (place.cluster.clone(), places.collect());
            return Err(ContextError::SeveralPlaces { cluster, places });
        }
        let found = found.first().or(meant.first()).ok_or(ContextError::NoRegion)?;
        let (account, region) = (found.account.clone(), found.name.clone());
        let clock = SimClock::new(world.now().max(now));
        let cloud = SimCloud::new(world, Arc::new(clock.clone())).region(&account, &region);
        Ok(Self { region, cloud: Arc::new(cloud), time: Time::Simulated(clock) })
    }

    /// The region's name: `eu-central-2`.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The reading port.
    pub fn cloud(&self) -> &dyn CloudRead {
        &*self.cloud
    }

    /// The clock of this cloud: a simulated one may be ahead.
    pub fn clock(&self) -> &dyn Clock {
        match &self.time {
            Time::Real(_) => &SystemClock,
            Time::Simulated(clock) => clock,
        }
    }

    /// Runs a future to its end, in this cloud's time.
    pub fn block_on<F: Future>(&self, program: F) -> F::Output {
        match &self.time {
            Time::Real(runtime) => runtime.block_on(program),
            Time::Simulated(clock) => clock.block_on(program),
        }
    }
}
