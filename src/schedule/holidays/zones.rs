//! The zones of a calendar: what its `TZID`s mean, and where its instants without a zone are read.

use std::collections::BTreeMap;

use chrono_tz::Tz;

use super::lines::Component;
use super::windows_zones;

/// The zones of one `VCALENDAR`.
pub(super) struct Zones {
    /// Where an instant becomes a day, unless its series has a zone: the calendar's, else the schedule's.
    pub(super) home: Tz,
    /// The places that `VTIMEZONE`s give for their names (`X-LIC-LOCATION`).
    places: BTreeMap<String, Tz>,
}

impl Zones {
    /// Reads them. `schedule` is the zone of a calendar that names none. The text is a name that tidegate does not know,
    /// with its line.
    pub(super) fn of(calendar: &Component, schedule: Tz) -> (Self, Option<(usize, String)>) {
        let mut places = BTreeMap::new();
        for zone in calendar.parts.iter().filter(|part| part.name == "VTIMEZONE") {
            let place = zone.value("X-LIC-LOCATION").and_then(named);
            if let (Some(name), Some(place)) = (zone.value("TZID"), place) {
                places.insert(name.to_owned(), place);
            }
        }
        let mut zones = Self { home: schedule, places };
        if let Some(property) = calendar.property("X-WR-TIMEZONE") {
            match zones.named(&property.value) {
                Some(zone) => zones.home = zone,
                None => return (zones, Some((property.line, property.written()))),
            }
            return (zones, None);
        }
        let defined: Vec<Option<Tz>> = calendar
            .parts
            .iter()
            .filter(|part| part.name == "VTIMEZONE")
            .map(|zone| zone.value("TZID").and_then(|name| zones.named(name)))
            .collect();
        if let [Some(only)] = defined[..] {
            zones.home = only;
        }
        (zones, None)
    }

    /// The zone that a `TZID` means.
    pub(super) fn named(&self, name: &str) -> Option<Tz> {
        named(name).or_else(|| self.places.get(name.trim()).copied())
    }
}

/// By IANA's name, by Windows' name, or by a path that ends in IANA's name
/// (`/mozilla.org/20050126_1/Europe/Berlin`).
fn named(name: &str) -> Option<Tz> {
    let name = name.trim();
    let exact = |name: &str| {
        chrono_tz::TZ_VARIANTS.iter().find(|zone| zone.name().eq_ignore_ascii_case(name)).copied()
    };
    if let Some(zone) = exact(name).or_else(|| windows_zones::zone(name)) {
        return Some(zone);
    }
    let path: Vec<&str> = name.strip_prefix('/')?.split('/').collect();
    (1..path.len()).find_map(|from| exact(&path[from..].join("/")))
}
