//! Times and durations for people: local time with its zone, and durations in words.

use chrono::TimeDelta;

use crate::model::Instant;
use crate::schedule::{self, Because, Tz};
use crate::spec::EnvironmentSpec;

/// The zone that all times of an environment are shown in.
pub fn zone_of(spec: &EnvironmentSpec) -> Tz {
    spec.zone()
}

/// `Tue 2026-11-24 04:00 CET`; with seconds only if they are not zero.
pub fn local(at: Instant, zone: Tz) -> String {
    schedule::in_words(at, zone)
}

/// RFC 3339 with the zone's offset, to the second.
pub fn rfc3339(at: Instant, zone: Tz) -> String {
    at.with_timezone(&zone).to_rfc3339_opts(chrono::SecondsFormat::Secs, false)
}

/// `45 s`, `6 min`, `1 h 20 min`, `3 d 4 h`: at most two units, which is exact enough for people.
pub fn length(of: TimeDelta) -> String {
    let seconds = of.num_seconds().max(0);
    let two = |major: i64, unit: &str, minor: i64, small: &str| match minor {
        0 => format!("{major} {unit}"),
        minor => format!("{major} {unit} {minor} {small}"),
    };
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => two(seconds / 60, "min", seconds % 60, "s"),
        3_600..86_400 => two(seconds / 3_600, "h", seconds % 3_600 / 60, "min"),
        _ => two(seconds / 86_400, "d", seconds % 86_400 / 3_600, "h"),
    }
}

/// Why a state holds, as words after the state.
pub fn because(because: Because) -> &'static str {
    match because {
        Because::Declared => "as declared",
        Because::Schedule => "by schedule",
        Because::Calendar => "by calendar",
        Because::Override => "by override",
        Because::Hold => "on hold",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_read_like_speech() {
        for (seconds, text) in [
            (-5, "0 s"),
            (45, "45 s"),
            (360, "6 min"),
            (375, "6 min 15 s"),
            (4_800, "1 h 20 min"),
            (90_000, "1 d 1 h"),
        ] {
            assert_eq!(length(TimeDelta::seconds(seconds)), text);
        }
    }

    #[test]
    fn instants_are_shown_where_people_live() {
        let at = Instant::from_timestamp(1_795_489_200, 0).unwrap();
        assert_eq!(local(at, Tz::Europe__Zurich), "Tue 2026-11-24 04:00 CET");
        assert_eq!(rfc3339(at, Tz::Europe__Zurich), "2026-11-24T04:00:00+01:00");
    }
}
