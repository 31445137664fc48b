//! When users were locked out: from the journal, where the gate's closing and opening stand. Pure.

use chrono::TimeDelta;

use crate::model::{Gate, Instant, State};
use crate::store::journal::Event;

/// A time during which the gate was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closure {
    /// From when on no gated target could be reached.
    pub since: Instant,
    /// Until when; none = it is closed.
    pub until: Option<Instant>,
    /// The part of it in which the gate was closed because the state wants it closed.
    pub on_purpose: Option<OnPurpose>,
}

/// A time during which an environment slept, or was stopped or restricted: users were not meant to get through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnPurpose {
    /// The state that was reached.
    pub state: State,
    /// The closing of the gate for that state; if a release had closed it, the instant at which the state was reached.
    pub from: Instant,
    /// When the state was reached.
    pub reached: Instant,
    /// The first step towards a state with an open gate, as far as the journal shows it; none = it has not begun.
    pub to: Option<Instant>,
}

/// How long users were locked out during one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockedOut {
    /// For this long, without the time in which the gate was closed on purpose.
    For(TimeDelta),
    /// Since the closing, and they still are.
    Still,
}

impl Closure {
    /// Whether a part of it lies between two instants.
    pub fn touches(&self, from: Instant, to: Instant) -> bool {
        self.since < to && self.until.is_none_or(|until| until > from)
    }

    /// What a run between two instants, which this closing touches, took from users.
    pub fn locked_out(&self, from: Instant, to: Instant) -> LockedOut {
        let Some(until) = self.until else { return LockedOut::Still };
        let Some(purpose) = self.on_purpose else { return LockedOut::For(until - self.since) };
        let before = purpose.from - self.since;
        match purpose.to {
            // A run that began in the state and led out of it, or a later one. The first step in the journal comes later
            // than the beginning of the run.
            Some(woke) if purpose.reached <= from && woke <= to => {
                LockedOut::For(before + (until - from.min(woke)))
            }
            // A run that led to the state and out of it again.
            Some(woke) if from < purpose.reached && woke < to => LockedOut::For(before + (until - woke)),
            // The run led to the state, or happened in it.
            _ => LockedOut::For(before),
        }
    }
}

/// Every closing of the gate, oldest first. Closing what is closed begins nothing new.
pub fn closures<'a>(events: impl IntoIterator<Item = &'a (Instant, Event)>) -> Vec<Closure> {
    let mut closures: Vec<Closure> = Vec::new();
    let mut is_release = false;
    for (at, event) in events {
        let open = closures.last_mut().filter(|closure| closure.until.is_none());
        match (event, open) {
            (Event::GateClosed { .. }, None) => {
                closures.push(Closure { since: *at, until: None, on_purpose: None });
            }
            (Event::GateOpened, Some(closure)) => {
                closure.wake(*at);
                closure.until = Some(*at);
            }
            (Event::Converged { state, .. }, Some(closure)) if state.gate() == Gate::Closed => {
                let from = if is_release { *at } else { closure.since };
                // A closing that a release needed, and that a sleep follows, is not the sleep's.
                let begun = closure.on_purpose.filter(|purpose| purpose.to.is_none());
                let (from, reached) = begun.map_or((from, *at), |purpose| (purpose.from, purpose.reached));
                closure.on_purpose = Some(OnPurpose { state: *state, from, reached, to: None });
            }
            (event, Some(closure)) if leads_up(event) => closure.wake(*at),
            _ => {}
        }
        match event {
            Event::ReleaseBegun { .. } => is_release = true,
            Event::GateOpened | Event::Converged { .. } => is_release = false,
            _ => {}
        }
    }
    closures
}

impl Closure {
    fn wake(&mut self, at: Instant) {
        if let Some(OnPurpose { to: to @ None, .. }) = &mut self.on_purpose {
            *to = Some(at);
        }
    }
}

/// Whether an event only happens on the way to a state with services that are up.
fn leads_up(event: &Event) -> bool {
    matches!(
        event,
        Event::ReleaseBegun { .. }
            | Event::SnapshotIntent { .. }
            | Event::MigrationIntent { .. }
            | Event::CodeStarted { .. }
            | Event::ChecksPassed
            | Event::Converged { .. }
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::model::Revision;

    fn closed() -> Event {
        Event::GateClosed { was_open: true, with: None }
    }

    fn at(minute: i64) -> Instant {
        Instant::from_timestamp(1_800_000_000 + 60 * minute, 0).unwrap()
    }

    #[test]
    fn each_closing_lasts_until_the_gate_is_opened() {
        let events = [
            (at(0), Event::GateOpened),
            (at(1), closed()),
            (at(2), Event::Drained),
            (at(3), closed()),
            (at(9), Event::GateOpened),
            (at(20), closed()),
        ];
        let first = Closure { since: at(1), until: Some(at(9)), on_purpose: None };
        let second = Closure { since: at(20), until: None, on_purpose: None };
        assert_eq!(closures(&events), [first, second]);
        assert!(first.touches(at(5), at(6)) && !first.touches(at(10), at(12)));
        assert!(second.touches(at(25), at(30)) && !second.touches(at(10), at(20)));
    }

    fn reached(state: State) -> Event {
        Event::Converged {
            state,
            versions: BTreeMap::new(),
            revision: Revision::worktree(),
            inputs: None,
            declaration: BTreeMap::new(),
            schema: BTreeMap::new(),
        }
    }

    fn minutes(closure: &Closure, from: i64, to: i64) -> i64 {
        match closure.locked_out(at(from), at(to)) {
            LockedOut::For(length) => length.num_minutes(),
            LockedOut::Still => -1,
        }
    }

    /// Whatever state closes the gate, and however the environment leaves it.
    #[test]
    fn no_time_counts_in_which_the_gate_was_closed_on_purpose() {
        let began = || Event::CodeStarted { service: "graasp".into() };
        for state in State::ALL.into_iter().filter(|state| state.gate() == Gate::Closed) {
            for (first_step, counted_by_a_later_run) in [(began(), 10), (Event::GateOpened, 0)] {
                let night = vec![
                    (at(0), closed()),
                    (at(4), reached(state)),
                    // A correction at night.
                    (at(200), reached(state)),
                    (at(490), first_step),
                    (at(500), Event::GateOpened),
                    (at(501), reached(State::Running)),
                ];
                let all = closures(&night);
                let [closure] = all.as_slice() else { panic!("{all:?}") };
                assert_eq!(minutes(closure, 0, 4), 0, "the run that led to {state}");
                assert_eq!(minutes(closure, 199, 200), 0, "a run in {state}");
                assert_eq!(
                    minutes(closure, 480, 501),
                    closure_length(closure, 480),
                    "the run that led out of it"
                );
                assert_eq!(minutes(closure, 495, 501), counted_by_a_later_run, "a second attempt");
                let asleep = closures(&night[..3]);
                assert_eq!(asleep[0].locked_out(at(0), at(4)), LockedOut::Still);
                assert_eq!(asleep[0].on_purpose.map(|purpose| purpose.state), Some(state));
            }
        }
    }

    fn closure_length(closure: &Closure, from: i64) -> i64 {
        (closure.until.unwrap() - at(from)).num_minutes()
    }

    /// A release that sleep interrupts has locked users out before and after it.
    #[test]
    fn the_time_of_a_release_before_and_after_a_sleep_counts() {
        let begun = || Event::ReleaseBegun {
            from: "v1".into(),
            to: "v2".into(),
            images: BTreeMap::new(),
            revision: Revision::worktree(),
        };
        let events = [
            (at(0), begun()),
            (at(1), closed()),
            (at(11), reached(State::Stopped)),
            (at(600), Event::CodeStarted { service: "graasp".into() }),
            (at(605), Event::GateOpened),
        ];
        assert_eq!(minutes(&closures(&events)[0], 598, 605), 10 + 7);
    }
}
