//! The real cloud: [`CloudRead`](super::CloudRead) and [`CloudWrite`](super::CloudWrite) over the AWS SDK.
//!
//! A process has one [`Aws`], and one [`AwsRegion`] for each account, region and role. Each part is one of AWS's
//! services. All of them send their requests through `call`, which keeps to the rates, counts, and gives failures a
//! meaning.
//!
//! Architecture Invariant: no type of the SDK leaves this room, no file here imports back, and nothing here decides or
//! repeats anything. Documents that people own (task definitions, distributions, deployment configurations) pass as the
//! text that AWS wrote.

mod account;
mod allowed;
mod arn;
mod budget;
mod caches;
mod call;
mod clients;
mod cloudfront;
mod count;
mod definitions;
mod ecs;
mod elbv2;
mod error;
mod failed;
mod http;
mod logs;
mod metrics;
mod moment;
mod operation;
mod probe;
mod rds;
mod read;
mod refusal;
mod region;
mod registry;
mod s3;
mod scaling;
mod secrets;
mod session;
mod tokens;
mod trace;
mod write;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod recorded;
#[cfg(test)]
mod tests;

pub use allowed::Allowed;
pub use clients::Endpoint;
pub use count::Counts;
pub use region::default_region;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use aws_config::SdkConfig;
use tokio::sync::OnceCell;

use super::{Cloud, CloudError, Family, Kind, Rates};
use crate::clock::Clock;
use crate::cloud::Valve;
use crate::spec::EnvironmentSpec;
use budget::Budget;
use caches::Caches;
use call::Calls;
use clients::Clients;
use http::Http;
use operation::Operation;
use session::Session;
use tokens::Tokens;

/// AWS for this process. Clones share everything.
#[derive(Clone)]
pub struct Aws(Arc<Shared>);

struct Shared {
    clock: Arc<dyn Clock>,
    rates: Rates,
    allowed: Arc<Allowed>,
    endpoint: Option<Arc<Endpoint>>,
    counts: Counts,
    valve: Valve,
    http: Arc<Http>,
    tokens: Arc<Tokens>,
    budgets: Mutex<BTreeMap<(String, String), Arc<Budget>>>,
    regions: Mutex<BTreeMap<RegionKey, AwsRegion>>,
}

/// An account, a region, and the role to assume there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct RegionKey {
    account: String,
    region: String,
    role: Option<String>,
}

/// One account, region and role: implements the ports. Sends no request before the first call.
#[derive(Clone)]
pub struct AwsRegion(Arc<Region>);

struct Region {
    key: RegionKey,
    calls: Calls,
    http: Arc<Http>,
    tokens: Arc<Tokens>,
    allowed: Arc<Allowed>,
    endpoint: Option<Arc<Endpoint>>,
    session: OnceCell<Session>,
}

/// The region under which services without a region have their budget.
const GLOBAL: &str = "global";

impl Aws {
    /// The real cloud, with the rates to keep to, and with the roles, variables and files that declarations may use.
    pub fn new(clock: Arc<dyn Clock>, rates: Rates, allowed: Allowed) -> Self {
        Self::made(clock, rates, allowed, None)
    }

    /// An emulator, or anything else that speaks AWS's protocols.
    pub fn at(endpoint: Endpoint, clock: Arc<dyn Clock>, rates: Rates, allowed: Allowed) -> Self {
        Self::made(clock, rates, allowed, Some(Arc::new(endpoint)))
    }

    fn made(clock: Arc<dyn Clock>, rates: Rates, allowed: Allowed, endpoint: Option<Arc<Endpoint>>) -> Self {
        Self(Arc::new(Shared {
            clock,
            rates,
            allowed: Arc::new(allowed),
            endpoint,
            counts: Counts::default(),
            valve: Valve::default(),
            http: Arc::new(Http::new()),
            tokens: Arc::default(),
            budgets: Mutex::default(),
            regions: Mutex::default(),
        }))
    }

    /// Counts of the requests that were sent.
    pub fn counts(&self) -> Counts {
        self.0.counts.clone()
    }

    /// The valve that every request passes.
    pub fn valve(&self) -> Valve {
        self.0.valve.clone()
    }

    /// The ports for an environment.
    pub fn cloud(&self, spec: &EnvironmentSpec) -> Cloud {
        Arc::new(self.region(&spec.account, &spec.region, spec.assume_role.as_deref()))
    }

    /// The ports for an account and region, as this role. Environments that agree in all three share clients,
    /// connections and caches.
    pub fn region(&self, account: &str, region: &str, role: Option<&str>) -> AwsRegion {
        let key = RegionKey {
            account: account.to_owned(),
            region: region.to_owned(),
            role: role.map(str::to_owned),
        };
        let mut regions = self.0.regions.lock().expect("nothing panics while it looks something up");
        let found = regions.entry(key).or_insert_with_key(|key| {
            AwsRegion(Arc::new(Region {
                key: key.clone(),
                calls: self.calls(account, region),
                http: self.0.http.clone(),
                tokens: self.0.tokens.clone(),
                allowed: self.0.allowed.clone(),
                endpoint: self.0.endpoint.clone(),
                session: OnceCell::new(),
            }))
        });
        found.clone()
    }

    fn calls(&self, account: &str, region: &str) -> Calls {
        Calls {
            clock: self.0.clock.clone(),
            budget: self.budget(account, region),
            global: self.budget(account, GLOBAL),
            counts: self.0.counts.clone(),
            refusal: Arc::default(),
            valve: self.0.valve.clone(),
        }
    }

    fn budget(&self, account: &str, region: &str) -> Arc<Budget> {
        let mut budgets = self.0.budgets.lock().expect("nothing panics while it looks something up");
        let key = (account.to_owned(), region.to_owned());
        budgets.entry(key).or_insert_with(|| Arc::new(Budget::new(self.0.rates.clone()))).clone()
    }
}

impl AwsRegion {
    /// The session; made at the first call.
    async fn session(&self) -> Result<&Session, CloudError> {
        let RegionKey { account: _, region, role } = &self.0.key;
        if let Some(role) = role.as_ref().filter(|role| !self.0.allowed.roles.contains(*role)) {
            let operation = Operation::new("sts:AssumeRole", Family::Secrets, role);
            return Err(operation.error(
                Kind::AccessDenied,
                "this role is not listed under `allow.assume_roles` in tidegate's configuration",
            ));
        }
        let endpoint = self.0.endpoint.as_deref();
        let make = || async { self.open(clients::configure(region, role.as_deref(), endpoint).await) };
        Ok(self.0.session.get_or_init(make).await)
    }

    fn open(&self, config: SdkConfig) -> Session {
        Session {
            clients: Clients::new(config),
            calls: self.0.calls.clone(),
            allowed: self.0.allowed.clone(),
            caches: Caches::default(),
            http: self.0.http.clone(),
            tokens: self.0.tokens.clone(),
        }
    }
}
