//! A machine whose wall clock is set: the world's time continues, and the process sees another one.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;

use super::SimClock;
use crate::clock::{Clock, Monotonic, WallSteps};
use crate::model::Instant;

/// A clock whose wall time may be set forward and back. Its monotonic time and its waits are those of the world. Clones
/// share everything.
#[derive(Clone)]
pub struct SkewedClock {
    world: SimClock,
    wall: Arc<Mutex<Wall>>,
}

#[derive(Debug, Default)]
struct Wall {
    ahead: TimeDelta,
    steps: WallSteps,
}

impl SkewedClock {
    /// Shows the world's time, until it is set.
    pub fn new(world: SimClock) -> Self {
        Self { world, wall: Arc::default() }
    }

    /// Sets the wall clock so far ahead of the world's; a negative distance sets it behind.
    pub fn set_ahead(&self, ahead: TimeDelta) {
        // The process has read its clock until now.
        self.now();
        self.wall().ahead = ahead;
    }

    /// Another process begins: it has not seen the steps before.
    pub fn restart(&self) {
        self.wall().steps = WallSteps::NONE;
    }

    fn wall(&self) -> MutexGuard<'_, Wall> {
        self.wall.lock().expect("nothing panics while it holds this lock")
    }
}

#[async_trait]
impl Clock for SkewedClock {
    fn now(&self) -> Instant {
        let mut wall = self.wall();
        let now = self.world.now() + wall.ahead;
        wall.steps.read(now, self.world.monotonic());
        now
    }

    fn monotonic(&self) -> Monotonic {
        self.world.monotonic()
    }

    fn in_present(&self, recorded: Instant) -> Instant {
        let present = self.now();
        self.wall().steps.moved(recorded, present)
    }

    async fn sleep(&self, duration: Duration) {
        self.world.sleep(duration).await;
    }
}
