//! What sleep saves: hours, and what they cost otherwise. An estimate, from list prices and the sizes last seen.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{ScheduleView, Spell, awake};
use crate::model::State;
use crate::report::time_format;

/// List prices of some date: Fargate (Linux, x86) and RDS for PostgreSQL in one availability zone, by the hour.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    /// When they were looked up.
    pub as_of: String,
    /// `USD`
    pub currency: String,
    /// By region.
    pub regions: BTreeMap<String, RegionPrices>,
}

/// Prices of one region.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegionPrices {
    /// One vCPU for an hour.
    pub fargate_vcpu_hour: f64,
    /// One GB of memory for an hour.
    pub fargate_gb_hour: f64,
    /// One database instance for an hour, by class.
    #[serde(default)]
    pub rds_instance_hour: BTreeMap<String, f64>,
}

/// Prices that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("these are no prices: {0}")]
pub struct PriceError(String);

impl Prices {
    /// The table of this repository.
    pub fn built_in() -> Self {
        Self::read(include_str!("prices.toml")).expect("a test reads the table of this repository")
    }

    /// Reads a table: a file like `src/report/schedule/prices.toml`.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(text: &str) -> Result<Self, PriceError> {
        let prices: Self = toml::from_str(text).map_err(|error| PriceError(error.message().to_owned()))?;
        let all = prices.regions.values().flat_map(|region| {
            let fixed = [region.fargate_vcpu_hour, region.fargate_gb_hour];
            fixed.into_iter().chain(region.rds_instance_hour.values().copied())
        });
        match all.into_iter().find(|price| !price.is_finite() || *price < 0.0) {
            Some(price) => Err(PriceError(format!("{price} is no price"))),
            None => Ok(prices),
        }
    }
}

/// Hours up and asleep, and what the sleep is worth.
pub(super) fn text(view: &ScheduleView, spells: &[Spell]) -> String {
    let whole = view.to - view.from;
    let up = awake(spells);
    let asleep = whole - up;
    let percent = asleep.num_seconds() * 100 / whole.num_seconds().max(1);
    let mut text = format!(
        "  up {} h of {}; asleep {} h ({percent} %)\n",
        hours(up.num_seconds()),
        time_format::length(whole),
        hours(asleep.num_seconds())
    );
    text.push_str(&worth(view, spells));
    text
}

/// `57.5`, `168`
fn hours(seconds: i64) -> String {
    let text = format!("{:.1}", seconds as f64 / 3600.0);
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

fn worth(view: &ScheduleView, spells: &[Spell]) -> String {
    let ScheduleView { spec, sizes, prices, .. } = view;
    let Prices { as_of, currency, regions } = prices;
    if spells.iter().all(|spell| spell.state == spec.state) {
        return String::new();
    }
    let Some(region) = regions.get(&spec.region) else {
        return format!("  what that saves: no prices of {} (another table: --prices FILE)\n", spec.region);
    };
    if sizes.services.is_empty() && sizes.database_class.is_none() {
        return "  what that saves: unknown until tidegate has seen how large the tasks are\n".to_owned();
    }
    let mut saved = 0.0;
    let mut unknown = Vec::new();
    for (name, service) in &spec.services {
        let Some(size) = sizes.services.get(name) else {
            unknown.push(format!("`{name}`"));
            continue;
        };
        let task = size.vcpu * region.fargate_vcpu_hour + size.memory_gb * region.fargate_gb_hour;
        let down = |state: State| spec.is_up_in(service, spec.state) && !spec.is_up_in(service, state);
        saved += f64::from(service.count) * task * hours_in(spells, down);
    }
    if let Some(database) = &spec.database {
        let price = sizes.database_class.as_ref().and_then(|class| region.rds_instance_hour.get(class));
        match price {
            Some(price) => {
                saved += price * hours_in(spells, |state| spec.state.database_up() && !state.database_up());
            }
            None => unknown.push(format!("database `{}`", database.target.identifier())),
        }
    }
    let without = match unknown.as_slice() {
        [] => String::new(),
        names => format!(", without {}", names.join(", ")),
    };
    format!("  saves some {saved:.2} {currency}{without} (an estimate from list prices of {as_of})\n")
}

fn hours_in(spells: &[Spell], counts: impl Fn(State) -> bool) -> f64 {
    let counted = spells.iter().filter(|spell| counts(spell.state));
    counted.map(|spell| spell.length.num_seconds() as f64 / 3600.0).sum()
}
