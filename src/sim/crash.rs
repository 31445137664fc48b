//! The death of the process, at a chosen place. The cloud and the store share one [`CrashPlan`]: both ask it
//! before and after each effect, so that "every effect" is one numbered list.
//!
//! A dead process does nothing more: every further call hangs or fails, and [`super::SimClock::run`] drops
//! the future. Nothing unwinds, nothing is cleaned up, as with SIGKILL.

use std::sync::{Arc, Mutex, MutexGuard};

use crate::model::Instant;

/// Where the process dies. Effects are numbered from 0, in the order in which they begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrashPoint {
    /// Before effect `n` is sent: nothing happened.
    Before(u64),
    /// After effect `n` was carried out, before its answer arrived.
    After(u64),
    /// After the answer to effect `n` arrived, before anything was done with it.
    Replied(u64),
    /// At an instant, between effects: in the middle of a wait.
    At(Instant),
}

/// The process is dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the simulated process has crashed")]
pub struct Crashed;

/// Counts effects and kills at one of them. Clones share their state.
#[derive(Clone, Debug, Default)]
pub struct CrashPlan(Arc<Mutex<Fate>>);

#[derive(Debug, Default)]
struct Fate {
    point: Option<CrashPoint>,
    effects: u64,
    /// The answer was delivered: the next call finds the process dead.
    dying: bool,
    dead: bool,
}

impl CrashPlan {
    /// Only counts.
    pub fn never() -> Self {
        Self::default()
    }

    /// Dies at `point`.
    pub fn at(point: CrashPoint) -> Self {
        let plan = Self::default();
        plan.restart(Some(point));
        plan
    }

    /// A new process begins and dies at `point`, if one is given. The count of effects continues.
    pub fn restart(&self, point: Option<CrashPoint>) {
        let mut fate = self.fate();
        *fate = Fate { point, effects: fate.effects, dying: false, dead: false };
    }

    /// How many effects have begun so far.
    pub fn effects(&self) -> u64 {
        self.fate().effects
    }

    /// Whether the process is dead.
    pub fn is_dead(&self) -> bool {
        self.fate().dead
    }

    /// Called before each effect; returns the number to quote in [`CrashPlan::after`].
    pub fn before(&self) -> Result<u64, Crashed> {
        let mut fate = self.fate();
        let effect = fate.effects;
        if fate.dead || fate.dying || fate.point == Some(CrashPoint::Before(effect)) {
            return fate.die();
        }
        fate.effects += 1;
        Ok(effect)
    }

    /// Called when an effect has been carried out, before its caller gets the answer.
    pub fn after(&self, effect: u64) -> Result<(), Crashed> {
        let mut fate = self.fate();
        if fate.dead || fate.point == Some(CrashPoint::After(effect)) {
            return fate.die();
        }
        fate.dying |= fate.point == Some(CrashPoint::Replied(effect));
        Ok(())
    }

    /// Called before each read.
    pub fn reading(&self) -> Result<(), Crashed> {
        let mut fate = self.fate();
        if fate.dead || fate.dying { fate.die() } else { Ok(()) }
    }

    /// Called by the clock before it moves to `next`: the time of death, if that comes first.
    pub(super) fn death_before(&self, next: Instant) -> Option<Instant> {
        match self.fate().point {
            Some(CrashPoint::At(at)) if at <= next => Some(at),
            _ => None,
        }
    }

    pub(super) fn kill(&self) {
        self.fate().dead = true;
    }

    fn fate(&self) -> MutexGuard<'_, Fate> {
        self.0.lock().expect("nothing panics while it holds this lock")
    }
}

impl Fate {
    fn die<T>(&mut self) -> Result<T, Crashed> {
        self.dead = true;
        Err(Crashed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three effects; which of them begin, and which answers arrive.
    fn live(plan: &CrashPlan) -> (u64, u64) {
        let (mut done, mut answered) = (0, 0);
        for _ in 0..3 {
            let Ok(effect) = plan.before() else { break };
            done += 1;
            let Ok(()) = plan.after(effect) else { break };
            answered += 1;
        }
        (done, answered)
    }

    #[test]
    fn dies_before_after_and_behind_the_reply() {
        assert_eq!(live(&CrashPlan::never()), (3, 3));
        assert_eq!(live(&CrashPlan::at(CrashPoint::Before(1))), (1, 1));
        assert_eq!(live(&CrashPlan::at(CrashPoint::After(1))), (2, 1));
        assert_eq!(live(&CrashPlan::at(CrashPoint::Replied(1))), (2, 2));
    }

    #[test]
    fn stays_dead_until_restarted_and_counts_on() {
        let plan = CrashPlan::at(CrashPoint::After(0));
        live(&plan);
        assert!(plan.is_dead() && plan.before().is_err() && plan.reading().is_err());
        plan.restart(None);
        assert_eq!(plan.before(), Ok(1));
    }
}
