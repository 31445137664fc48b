//! The room against a clock that really ticks: every minute the wall clock is read, and whatever has become due
//! since the minute before happens. Nothing is looked up backwards or ahead.

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};
use proptest::prelude::*;

use super::plain::{Plain, line_of_every_month};
use super::*;

/// Instants close to which random days lie: changes of the clocks, of all kinds, and one ordinary day.
const PLACES: &[(Tz, &str)] = &[
    (Tz::Europe__Zurich, "2026-03-29T01:00:00Z"),
    (Tz::Europe__Zurich, "2026-10-25T01:00:00Z"),
    (Tz::America__New_York, "2027-03-14T07:00:00Z"),
    (Tz::America__New_York, "2027-11-07T06:00:00Z"),
    (Tz::Australia__Lord_Howe, "2026-04-04T15:00:00Z"),
    (Tz::Australia__Lord_Howe, "2026-10-03T15:30:00Z"),
    (Tz::Africa__Casablanca, "2028-01-23T02:00:00Z"),
    (Tz::Africa__Casablanca, "2028-03-05T02:00:00Z"),
    (Tz::America__Havana, "2026-11-01T05:00:00Z"),
    (Tz::Africa__Cairo, "2026-04-23T22:00:00Z"),
    (Tz::Asia__Kolkata, "2026-11-24T00:00:00Z"),
    (Tz::UTC, "2028-02-29T00:00:00Z"),
];

const SPAN_MINUTES: i64 = 2 * 24 * 60;

#[derive(Clone, Debug)]
struct World {
    zone: Tz,
    from: Instant,
    state: State,
    start: Vec<Plain>,
    stop: Vec<Plain>,
    /// First day and count of days, from the day before `from`.
    except: Vec<(u64, u64)>,
    /// Day from the day before `from`, first minute, count of minutes.
    also: Vec<(u64, i64, i64)>,
    git_override: Option<(State, i64)>,
    runtime_override: Option<(State, i64)>,
}

fn world() -> impl Strategy<Value = World> {
    let state = || proptest::sample::select(State::ALL.to_vec());
    let lines = || proptest::collection::vec(line_of_every_month(), 0..=2);
    let until = || proptest::option::weighted(0.3, (state(), -100..SPAN_MINUTES));
    (
        (0..PLACES.len(), 0..SPAN_MINUTES, prop_oneof![3 => Just(State::Running), 1 => state()]),
        (lines(), lines()),
        proptest::collection::vec((0u64..5, 1u64..3), 0..=2),
        proptest::collection::vec((0u64..5, 0i64..1400, 1i64..600), 0..=2),
        (until(), until()),
    )
        .prop_map(|((place, before, state), (start, stop), except, also, (git, runtime))| {
            let (zone, t) = PLACES[place];
            World {
                zone,
                from: at(t) - TimeDelta::minutes(before),
                state,
                start,
                stop,
                except,
                also,
                git_override: git,
                runtime_override: runtime,
            }
        })
}

impl World {
    fn day(&self, days: u64) -> NaiveDate {
        let from = self.from.with_timezone(&self.zone).date_naive();
        from - chrono::Days::new(1) + chrono::Days::new(days)
    }

    fn except(&self) -> Vec<(NaiveDate, NaiveDate)> {
        self.except.iter().map(|(first, count)| (self.day(*first), self.day(first + count - 1))).collect()
    }

    fn also(&self) -> Vec<(NaiveDate, i64, i64)> {
        let span =
            |(day, first, count): &(u64, i64, i64)| (self.day(*day), *first, (first + count).min(1440));
        self.also.iter().map(span).collect()
    }

    fn schedule(&self) -> Schedule {
        let clock = |minute: i64| format!("{:02}:{:02}", minute / 60, minute % 60);
        Schedule {
            timezone: self.zone,
            start: self.start.iter().map(Plain::crontab).collect(),
            stop: self.stop.iter().map(Plain::crontab).collect(),
            except: self
                .except()
                .iter()
                .map(|(first, last)| DateRange { first: *first, last: *last })
                .collect(),
            holidays: Vec::new(),
            also: self
                .also()
                .iter()
                .map(|(day, first, end)| format!("{day} {}..{}", clock(*first), clock(*end)))
                .map(|text| TimeSpanOnDay::parse(&text).unwrap())
                .collect(),
        }
    }

    fn overrides(&self) -> [Option<Override>; 2] {
        [self.git_override, self.runtime_override].map(|given| {
            given.map(|(state, minutes)| Override {
                state,
                until: self.from + TimeDelta::minutes(minutes),
                reason: String::new(),
            })
        })
    }

    /// What a minute of the wall clock does: start, stop or nothing.
    fn event(&self, wall: NaiveDateTime) -> Option<bool> {
        if self.stop.iter().any(|line| line.is_due(wall)) {
            Some(false)
        } else if self.start.iter().any(|line| line.is_due(wall)) {
            Some(true)
        } else {
            None
        }
    }

    /// What holds while the furthest minute that the wall clock has shown is `wall`.
    fn holds(&self, t: Instant, wall: NaiveDateTime, up: Option<bool>) -> (State, Because) {
        for (state, minutes) in [self.runtime_override, self.git_override].into_iter().flatten() {
            if t < self.from + TimeDelta::minutes(minutes) {
                return (state, Because::Override);
            }
        }
        let minute_of_day = (wall - wall.date().and_hms_opt(0, 0, 0).unwrap()).num_minutes();
        let spans = self.also();
        let on = |(day, first, end): &(NaiveDate, i64, i64)| {
            *day == wall.date() && (*first..*end).contains(&minute_of_day)
        };
        if self.state == State::Stopped {
            (State::Stopped, Because::Declared)
        } else if spans.iter().any(on) {
            (self.state, Because::Calendar)
        } else if self.except().iter().any(|(first, last)| (*first..=*last).contains(&wall.date())) {
            (State::Stopped, Because::Calendar)
        } else {
            match up {
                Some(true) => (self.state, Because::Schedule),
                Some(false) => (State::Stopped, Because::Schedule),
                None => (self.state, Because::Declared),
            }
        }
    }

    /// What holds at each minute from `from` on; none if the last event lies too far back to wait for.
    fn simulate(&self) -> Option<Vec<(State, Because)>> {
        const PATIENCE_MINUTES: i64 = 20 * 24 * 60;
        // A day ahead of all changes of the clocks, where the wall clock is plain.
        let mut t = self.from - TimeDelta::days(3);
        let mut furthest = t.with_timezone(&self.zone).naive_local();
        let before =
            (0..PATIENCE_MINUTES).find_map(|minutes| self.event(furthest - TimeDelta::minutes(minutes)));
        let mut up = match before {
            None if !self.start.is_empty() || !self.stop.is_empty() => return None,
            before => before,
        };
        let mut held = Vec::new();
        while held.len() < SPAN_MINUTES as usize {
            let shown = t.with_timezone(&self.zone).naive_local();
            while furthest < shown {
                furthest += TimeDelta::minutes(1);
                up = self.event(furthest).or(up);
            }
            if t >= self.from {
                held.push(self.holds(t, furthest, up));
            }
            t += TimeDelta::minutes(1);
        }
        Some(held)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn agrees_with_a_clock_that_ticks(world in world(), samples in proptest::collection::vec(0..SPAN_MINUTES * 60, 40)) {
        let held = world.simulate();
        prop_assume!(held.is_some());
        let held = held.unwrap();
        let schedule = world.schedule();
        let [git_override, runtime_override] = world.overrides();
        let declared = StateInputs {
            state: world.state,
            schedule: Some(&schedule),
            git_override: git_override.as_ref(),
            runtime_override: runtime_override.as_ref(),
        };

        // Every change, and nothing else, is the first minute that differs from the one before.
        let end = world.from + TimeDelta::minutes(SPAN_MINUTES);
        let expected: Vec<Change> = (1..held.len())
            .filter(|&minute| held[minute].0 != held[minute - 1].0)
            .map(|minute| Change {
                at: world.from + TimeDelta::minutes(minute as i64),
                state: held[minute].0,
                because: held[minute].1,
            })
            .collect();
        prop_assert_eq!(changes(world.from, end, &declared), expected.clone());

        for second in samples {
            let t = world.from + TimeDelta::seconds(second);
            let effective = state_at(t, &declared);
            let (state, because) = held[(second / 60) as usize];
            prop_assert_eq!((effective.state, effective.because), (state, because), "at {}", t);
            let next = expected.iter().find(|change| change.at > t).copied();
            let found = next_change(t, &declared);
            prop_assert_eq!(found.filter(|change| change.at < end), next, "after {}", t);
            if because != Because::Override {
                prop_assert_eq!(effective.until, found.map(|change| change.at));
            }
        }
    }
}
