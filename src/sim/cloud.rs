//! The world behind the ports of [`crate::cloud`]: the way of a call to the world and back.
//!
//! Each call asks the crash plan, then the fault plan, waits for its latency, lets the world catch up with the
//! clock, acts on it under one lock, and checks every promise. The lock is never held across a wait.

mod read;
mod write;

use std::any::Any;
use std::collections::BTreeMap;
use std::future::pending;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use super::crash::CrashPlan;
use super::fault::{Call, FaultPlan, Verdict};
use super::world::{Refusal, RegionId, World};
use crate::clock::Clock;
use crate::cloud::{Cloud, CloudError, Kind};
use crate::model::Instant;
use crate::spec::EnvironmentSpec;

/// Called with the world after everything that changed it; an error is the answer to the call.
pub type Hook = Box<dyn Fn(&mut World) -> io::Result<()> + Send + Sync>;

/// A write that reached the cloud.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// The simulated time of the write.
    pub at: Instant,
    /// `ecs:UpdateService`
    pub operation: &'static str,
    /// The resource that it changed.
    pub resource: String,
    /// Whether the cloud carried it out.
    pub applied: bool,
}

/// A simulated cloud. Clones share everything.
#[derive(Clone)]
pub struct SimCloud(Arc<Inner>);

struct Inner {
    world: Mutex<World>,
    clock: Arc<dyn Clock>,
    crash: CrashPlan,
    faults: Mutex<FaultPlan>,
    log: Mutex<Vec<Effect>>,
    calls: Mutex<BTreeMap<&'static str, u64>>,
    hook: Mutex<Option<Hook>>,
    /// The world's time when the hook was called last.
    saved_at: Mutex<Option<Instant>>,
    /// The last answer of each read and its time: kept while the fault plan has stale reads.
    memory: Mutex<BTreeMap<String, Remembered>>,
}

/// The answer of a read, and its time.
type Remembered = (Instant, Box<dyn Any + Send>);

/// One account and region of a [`SimCloud`]: what implements the ports.
#[derive(Clone)]
pub struct SimRegion {
    cloud: SimCloud,
    region: RegionId,
}

impl SimCloud {
    /// A cloud with this world and without faults. The clock may be any clock; tests and commands use
    /// [`super::SimClock`].
    pub fn new(world: World, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Inner {
            world: Mutex::new(world),
            clock,
            crash: CrashPlan::never(),
            faults: Mutex::default(),
            log: Mutex::default(),
            calls: Mutex::default(),
            hook: Mutex::default(),
            saved_at: Mutex::default(),
            memory: Mutex::default(),
        }))
    }

    /// The ports of one account and region.
    pub fn region(&self, account: &str, region: &str) -> SimRegion {
        SimRegion { cloud: self.clone(), region: self.world().region(account, region) }
    }

    /// The ports of an environment.
    pub fn cloud(&self, spec: &EnvironmentSpec) -> Cloud {
        Arc::new(self.region(&spec.account, &spec.region))
    }

    /// Reads the world as it is now, or changes it as a person; a change is checked and saved.
    pub fn with<T>(&self, act: impl FnOnce(&mut World) -> T) -> T {
        let mut world = self.world();
        let answer = act(&mut world);
        world.check();
        self.saved(&mut world).expect("the world can be saved");
        answer
    }

    /// The crash plan that counts this cloud's effects; a wrapped store counts its writes with a clone of it.
    pub fn crash(&self) -> CrashPlan {
        self.0.crash.clone()
    }

    /// The number of effects that have begun: writes of this cloud and of stores that share its crash plan.
    pub fn effects(&self) -> u64 {
        self.0.crash.effects()
    }

    /// Replaces the fault plan.
    pub fn set_faults(&self, plan: FaultPlan) {
        *locked(&self.0.faults) = plan;
    }

    /// Changes the fault plan: scripts a fault, heals.
    pub fn faults<T>(&self, change: impl FnOnce(&mut FaultPlan) -> T) -> T {
        change(&mut locked(&self.0.faults))
    }

    /// Every write that reached the cloud, in order.
    pub fn log(&self) -> Vec<Effect> {
        locked(&self.0.log).clone()
    }

    /// How often each operation was called so far, reads and refused calls too.
    pub fn calls(&self) -> BTreeMap<&'static str, u64> {
        locked(&self.0.calls).clone()
    }

    /// Calls `hook` with the world after everything that changed it.
    pub fn on_effect(&self, hook: Hook) {
        *locked(&self.0.hook) = Some(hook);
    }

    /// Lets the world catch up with the clock and calls the hook, unless no time has passed since its last
    /// call: between two effects only time changes a world.
    pub fn save(&self) -> io::Result<()> {
        let mut world = self.world();
        let saved_at = *locked(&self.0.saved_at);
        if saved_at == Some(world.now()) { Ok(()) } else { self.saved(&mut world) }
    }

    /// The world, caught up with the clock.
    fn world(&self) -> MutexGuard<'_, World> {
        let mut world = locked(&self.0.world);
        world.advance(self.0.clock.now());
        world
    }

    fn saved(&self, world: &mut World) -> io::Result<()> {
        locked(&self.0.hook).as_ref().map_or(Ok(()), |hook| hook(world))?;
        *locked(&self.0.saved_at) = Some(world.now());
        Ok(())
    }

    async fn arrive(&self, operation: &'static str, call: Call) -> Verdict {
        *locked(&self.0.calls).entry(operation).or_default() += 1;
        let verdict = locked(&self.0.faults).judge(operation, call, self.0.clock.now());
        if !verdict.latency.is_zero() {
            self.0.clock.sleep(verdict.latency).await;
        }
        verdict
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("a test that panicked in here has failed already")
}

impl SimRegion {
    /// Carries out a read. `resource` appears in errors, and identifies stale answers.
    async fn read<T: Clone + Send + 'static>(
        &self,
        operation: &'static str,
        resource: impl Into<String> + Send,
        ask: impl FnOnce(&mut World, RegionId) -> Result<T, Refusal> + Send,
    ) -> Result<T, CloudError> {
        let (resource, inner) = (resource.into(), &self.cloud.0);
        if inner.crash.reading().is_err() {
            return pending().await;
        }
        let verdict = self.cloud.arrive(operation, Call::Read).await;
        if let Some((kind, code)) = verdict.refused {
            return Err(refused(operation, resource, kind, code));
        }
        let remembers = is_eventually_consistent(operation) && locked(&inner.faults).remembers();
        let key = if remembers { format!("{} {operation} {resource}", self.region) } else { String::new() };
        let mut world = self.cloud.world();
        let now = world.now();
        if let Some(age) = verdict.stale.filter(|_| remembers) {
            let memory = locked(&inner.memory);
            let earlier = memory.get(&key).filter(|(at, _)| now - *at <= age);
            if let Some(answer) = earlier.and_then(|(_, answer)| answer.downcast_ref::<T>()) {
                return Ok(answer.clone());
            }
        }
        let answer = ask(&mut world, self.region).map_err(|refusal| refusal.on(operation, resource))?;
        if remembers {
            locked(&inner.memory).insert(key, (now, Box::new(answer.clone())));
        }
        Ok(answer)
    }

    /// Carries out a write: an effect.
    async fn write<T: Send>(
        &self,
        operation: &'static str,
        resource: impl Into<String> + Send,
        act: impl FnOnce(&mut World, RegionId) -> Result<T, Refusal> + Send,
    ) -> Result<T, CloudError> {
        let (resource, inner) = (resource.into(), &self.cloud.0);
        let Ok(effect) = inner.crash.before() else { return pending().await };
        let verdict = self.cloud.arrive(operation, Call::Write).await;
        // The process may have died while the request was on its way: then it was not sent.
        if inner.crash.is_dead() {
            return pending().await;
        }
        let answer = match verdict.refused {
            Some((kind, code)) => Err(refused(operation, resource, kind, code)),
            None => self.carry_out(operation, resource, verdict.answer_lost, act),
        };
        if inner.crash.after(effect).is_err() {
            return pending().await;
        }
        answer
    }

    fn carry_out<T>(
        &self,
        operation: &'static str,
        resource: String,
        answer_lost: bool,
        act: impl FnOnce(&mut World, RegionId) -> Result<T, Refusal>,
    ) -> Result<T, CloudError> {
        let mut world = self.cloud.world();
        let answer = act(&mut world, self.region);
        world.check();
        let (at, applied) = (world.now(), answer.is_ok());
        locked(&self.cloud.0.log).push(Effect { at, operation, resource: resource.clone(), applied });
        if let Err(error) = self.cloud.saved(&mut world) {
            let message = format!("the simulated world could not be saved: {error}");
            return Err(CloudError::new(operation, resource, Kind::Unavailable, message));
        }
        match answer {
            Ok(_) if answer_lost => Err(refused(operation, resource, Kind::AnswerLost, None)),
            Ok(answer) => Ok(answer),
            Err(refusal) => Err(refusal.on(operation, resource)),
        }
    }
}

/// Whether an API is eventually consistent: ECS and RDS are, S3 is not.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html>
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel>
fn is_eventually_consistent(operation: &str) -> bool {
    ["ecs:", "rds:", "application-autoscaling:"].iter().any(|api| operation.starts_with(api))
}

/// A call that the fault plan refused, or whose answer it lost, in AWS's words.
fn refused(operation: &'static str, resource: String, kind: Kind, code: Option<&'static str>) -> CloudError {
    if let Some(code) = code {
        let message = format!("{code}: refused by the fault plan");
        return CloudError::new(operation, resource, kind, message).with_code(Some(code));
    }
    let message = match kind {
        Kind::Throttled => "ThrottlingException: Rate exceeded",
        Kind::Unavailable => "ServiceUnavailable: the service is unavailable, try again later",
        Kind::AccessDenied => "AccessDeniedException: not authorized to perform this operation",
        Kind::Credentials => "ExpiredTokenException: the security token included in the request is expired",
        Kind::AnswerLost => "the connection was reset before the answer arrived",
        Kind::NotFound => "ResourceNotFoundException",
        Kind::Conflict => "ConflictException",
        Kind::InvalidState => "InvalidStateException",
        Kind::Capacity => "Capacity is unavailable at this time",
        Kind::Invalid => "ValidationException",
    };
    CloudError::new(operation, resource, kind, message)
}

#[cfg(test)]
mod tests;
