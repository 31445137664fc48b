//! Simulated time, and the small executor that moves it.
//!
//! Time moves only when everything waits: then it jumps to the earliest deadline. One thread polls one
//! future, so the same program gives the same history. There is no runtime here: a future that waits for
//! anything but this clock is a deadlock, and is reported as one.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;

use super::crash::CrashPlan;
use crate::clock::{Clock, Monotonic};
use crate::model::Instant;

/// The speed of simulated time for a person who watches.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Pace {
    /// Without a pause: for tests and commands.
    #[default]
    Jump,
    /// Slowly enough to be followed.
    Paced {
        /// Simulated seconds in a real one.
        speed: u32,
        /// No jump takes longer than this in real time.
        jump_max: Duration,
        /// Real time between two calls of the observer.
        frame: Duration,
    },
}

/// Called whenever time has moved, with no lock held.
pub type Observer = Box<dyn FnMut(Instant) + Send>;

/// The reason why [`SimClock::run`] has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Interrupted {
    /// The crash plan killed the process.
    #[error("the simulated process has crashed")]
    Crashed,
    /// Everything waits and nothing is scheduled.
    #[error("deadlock at {0}: everything waits, and nothing will ever wake it")]
    Deadlock(Instant),
    /// The limit of simulated time has passed: the program repeats itself.
    #[error("simulated time ran out at {0}")]
    Overtime(Instant),
}

/// A clock that moves when its executor says so. Clones share their time.
#[derive(Clone)]
pub struct SimClock(Arc<Mutex<Hands>>);

struct Hands {
    now: Instant,
    limit: Option<Instant>,
    sleepers: BTreeMap<(Instant, u64), Waker>,
    next_sleeper: u64,
    pace: Pace,
    observer: Option<Observer>,
}

impl SimClock {
    /// A clock that stands at `start`.
    pub fn new(start: Instant) -> Self {
        Self(Arc::new(Mutex::new(Hands {
            now: start,
            limit: None,
            sleepers: BTreeMap::new(),
            next_sleeper: 0,
            pace: Pace::Jump,
            observer: None,
        })))
    }

    /// Time may not pass beyond `limit`; a bound for tests whose program may never end.
    pub fn set_limit(&self, limit: Instant) {
        self.hands().limit = Some(limit);
    }

    /// Sets the speed.
    pub fn set_pace(&self, pace: Pace) {
        self.hands().pace = pace;
    }

    /// Calls `observer` whenever time has moved.
    pub fn on_advance(&self, observer: Observer) {
        self.hands().observer = Some(observer);
    }

    /// The monotonic time at which this clock shows `at`.
    pub fn monotonic_at(&self, at: Instant) -> Monotonic {
        Monotonic::from_origin((at - Instant::UNIX_EPOCH).to_std().unwrap_or_default())
    }

    /// Lets time pass while no program runs: a night between two commands.
    pub fn advance(&self, by: Duration) {
        let to = later(self.now(), by);
        self.move_to(to);
    }

    /// Runs a program to its end. Panics on a deadlock or when time runs out: both are bugs of the program.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        match self.run(&CrashPlan::never(), future) {
            Ok(output) => output,
            Err(interrupted) => panic!("{interrupted}"),
        }
    }

    /// Runs a program to its end or to its death. The future is dropped in either case.
    pub fn run<F: Future>(&self, crash: &CrashPlan, future: F) -> Result<F::Output, Interrupted> {
        let mut future = pin!(future);
        let bell = Arc::new(Bell(AtomicBool::new(true)));
        let waker = Waker::from(bell.clone());
        let mut context = Context::from_waker(&waker);
        loop {
            if bell.0.swap(false, Ordering::Relaxed) {
                let polled = future.as_mut().poll(&mut context);
                if crash.is_dead() {
                    return Err(Interrupted::Crashed);
                }
                if let Poll::Ready(output) = polled {
                    return Ok(output);
                }
            } else {
                self.jump(crash)?;
            }
        }
    }

    /// Moves to the earliest deadline and wakes all tasks that wait for it, in the order in which they began to wait.
    fn jump(&self, crash: &CrashPlan) -> Result<(), Interrupted> {
        let (now, limit, next) = {
            let hands = self.hands();
            (hands.now, hands.limit, hands.sleepers.keys().next().map(|(at, _)| *at))
        };
        let next = next.ok_or(Interrupted::Deadlock(now))?;
        if let Some(death) = crash.death_before(next) {
            self.move_to(death.max(now));
            crash.kill();
            return Err(Interrupted::Crashed);
        }
        if limit.is_some_and(|limit| next > limit) {
            return Err(Interrupted::Overtime(now));
        }
        self.move_to(next);
        let woken = {
            let mut hands = self.hands();
            let rest = hands.sleepers.split_off(&(next, u64::MAX));
            std::mem::replace(&mut hands.sleepers, rest)
        };
        woken.into_values().for_each(Waker::wake);
        Ok(())
    }

    fn move_to(&self, to: Instant) {
        let (from, pace) = {
            let hands = self.hands();
            (hands.now, hands.pace)
        };
        let Pace::Paced { speed, jump_max, frame } = pace else {
            return self.set_now(to);
        };
        let distance = to - from;
        let real = (distance.to_std().unwrap_or_default() / speed.max(1)).min(jump_max);
        let frames = real.as_millis().div_ceil(frame.as_millis().max(1)).clamp(1, 1000);
        let frames = i32::try_from(frames).expect("clamped to 1000");
        for number in 1..=frames {
            pause(real / frames.unsigned_abs());
            self.set_now(if number == frames { to } else { from + distance * number / frames });
        }
    }

    fn set_now(&self, now: Instant) {
        let observer = {
            let mut hands = self.hands();
            hands.now = now;
            hands.observer.take()
        };
        let Some(mut observer) = observer else { return };
        observer(now);
        self.hands().observer.get_or_insert(observer);
    }

    fn hands(&self) -> MutexGuard<'_, Hands> {
        self.0.lock().expect("nothing panics while it holds this lock")
    }
}

#[async_trait]
impl Clock for SimClock {
    fn now(&self) -> Instant {
        self.hands().now
    }

    fn monotonic(&self) -> Monotonic {
        self.monotonic_at(self.now())
    }

    /// This clock is never set; a [`super::SkewedClock`] is.
    fn in_present(&self, recorded: Instant) -> Instant {
        recorded
    }

    async fn sleep(&self, duration: Duration) {
        Sleep { clock: self, deadline: later(self.now(), duration), number: None }.await;
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one real wait of the simulator: a person watches the demo"
)]
fn pause(duration: Duration) {
    std::thread::sleep(duration);
}

/// Saturates: a wait of centuries never ends.
fn later(now: Instant, duration: Duration) -> Instant {
    TimeDelta::from_std(duration)
        .ok()
        .and_then(|delta| now.checked_add_signed(delta))
        .unwrap_or(Instant::MAX_UTC)
}

struct Bell(AtomicBool);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

struct Sleep<'a> {
    clock: &'a SimClock,
    deadline: Instant,
    number: Option<u64>,
}

impl Future for Sleep<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let clock = self.clock;
        let mut hands = clock.hands();
        if hands.now >= self.deadline {
            return Poll::Ready(());
        }
        let number = self.number.unwrap_or_else(|| {
            hands.next_sleeper += 1;
            hands.next_sleeper
        });
        hands.sleepers.insert((self.deadline, number), context.waker().clone());
        drop(hands);
        self.number = Some(number);
        Poll::Pending
    }
}

impl Drop for Sleep<'_> {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.clock.hands().sleepers.remove(&(self.deadline, number));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::crash::CrashPoint;
    use super::*;
    use futures_util::future::join_all;

    fn start() -> Instant {
        Instant::from_timestamp(1_800_000_000, 0).unwrap()
    }

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn waits_side_by_side_take_as_long_as_the_longest() {
        let clock = SimClock::new(start());
        let order = Mutex::new(Vec::new());
        clock.block_on(join_all([3u32, 1, 2, 1].into_iter().enumerate().map(|(index, hours)| {
            let (clock, order) = (&clock, &order);
            async move {
                clock.sleep(HOUR * hours).await;
                order.lock().unwrap().push(index);
            }
        })));
        assert_eq!(clock.now() - start(), TimeDelta::hours(3));
        assert_eq!(*order.lock().unwrap(), [1, 3, 2, 0]);
    }

    #[test]
    fn a_wait_for_nothing_is_a_deadlock() {
        let clock = SimClock::new(start());
        let ended = clock.run(&CrashPlan::never(), std::future::pending::<()>());
        assert_eq!(ended, Err(Interrupted::Deadlock(start())));
    }

    #[test]
    fn an_endless_program_ends_at_the_limit() {
        let clock = SimClock::new(start());
        clock.set_limit(start() + TimeDelta::days(1));
        let endless = async {
            loop {
                clock.sleep(HOUR).await;
            }
        };
        let ended: Result<(), _> = clock.run(&CrashPlan::never(), endless);
        assert_eq!(ended, Err(Interrupted::Overtime(start() + TimeDelta::days(1))));
    }

    #[test]
    fn a_crash_in_a_wait_ends_the_program_at_that_instant() {
        let clock = SimClock::new(start());
        let death = start() + TimeDelta::minutes(10);
        let ended = clock.run(&CrashPlan::at(CrashPoint::At(death)), clock.sleep(HOUR));
        assert_eq!((ended, clock.now()), (Err(Interrupted::Crashed), death));
        assert!(clock.hands().sleepers.is_empty(), "a dropped wait is forgotten");
    }

    #[test]
    fn a_paced_clock_shows_the_way_and_arrives() {
        let clock = SimClock::new(start());
        let frame = Duration::from_millis(1);
        clock.set_pace(Pace::Paced { speed: 60, jump_max: frame * 5, frame });
        let seen = Arc::new(Mutex::new(Vec::new()));
        let writer = seen.clone();
        clock.on_advance(Box::new(move |now| writer.lock().unwrap().push(now)));
        clock.block_on(clock.sleep(HOUR));
        let seen = seen.lock().unwrap();
        assert_eq!(seen.len(), 5);
        assert!(seen.is_sorted() && seen.last() == Some(&(start() + TimeDelta::hours(1))));
    }
}
