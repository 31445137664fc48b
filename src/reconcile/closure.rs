//! When users were locked out: from the journal, where the gate's closing and opening stand. Pure.

use crate::model::Instant;
use crate::store::journal::Event;

/// A time during which the gate was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closure {
    /// From when on no gated target could be reached.
    pub since: Instant,
    /// Until when; none = it is closed.
    pub until: Option<Instant>,
}

impl Closure {
    /// Whether a part of it lies between two instants.
    pub fn touches(&self, from: Instant, to: Instant) -> bool {
        self.since < to && self.until.is_none_or(|until| until > from)
    }
}

/// Every closing of the gate, oldest first. Closing what is closed begins nothing new.
pub fn closures<'a>(events: impl IntoIterator<Item = &'a (Instant, Event)>) -> Vec<Closure> {
    let mut closures: Vec<Closure> = Vec::new();
    for (at, event) in events {
        let open = closures.last_mut().filter(|closure| closure.until.is_none());
        match (event, open) {
            (Event::GateClosed { .. }, None) => closures.push(Closure { since: *at, until: None }),
            (Event::GateOpened, Some(closure)) => closure.until = Some(*at),
            _ => {}
        }
    }
    closures
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let first = Closure { since: at(1), until: Some(at(9)) };
        let second = Closure { since: at(20), until: None };
        assert_eq!(closures(&events), [first, second]);
        assert!(first.touches(at(5), at(6)) && !first.touches(at(10), at(12)));
        assert!(second.touches(at(25), at(30)) && !second.touches(at(10), at(20)));
    }
}
