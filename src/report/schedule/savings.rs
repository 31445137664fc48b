//! What sleep saves: hours, and an estimate of their price from list prices and the sizes that tidegate saw last.

use super::prices::Prices;
use super::stretch::{Stretch, awake};
use crate::model::State;
use crate::report::{ScheduleView, time_format};

/// Hours up and asleep, and what the sleep saves.
pub(super) fn text(view: &ScheduleView, stretches: &[Stretch]) -> String {
    let whole = view.to - view.from;
    let up = awake(stretches);
    let asleep = whole - up;
    let percent = asleep.num_seconds() * 100 / whole.num_seconds().max(1);
    let mut text = format!(
        "  up {} h of {}; asleep {} h ({percent} %)\n",
        hours(up.num_seconds()),
        time_format::length(whole),
        hours(asleep.num_seconds())
    );
    text.push_str(&saved(view, stretches));
    text
}

/// `57.5`, `168`
fn hours(seconds: i64) -> String {
    let text = format!("{:.1}", seconds as f64 / 3600.0);
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

fn saved(view: &ScheduleView, stretches: &[Stretch]) -> String {
    let ScheduleView { spec, sizes, prices, .. } = view;
    let Prices { as_of, currency, regions } = prices;
    if stretches.iter().all(|stretch| stretch.state == spec.state) {
        return String::new();
    }
    let Some(region) = regions.get(&spec.region) else {
        return format!(
            "  savings unknown: the price list has no region {}; give another list with --prices FILE\n",
            spec.region
        );
    };
    if sizes.services.is_empty() && sizes.database_class.is_none() {
        return "  savings unknown: tidegate has not seen the sizes of the tasks yet\n".to_owned();
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
        saved += f64::from(service.count) * task * hours_in(stretches, down);
    }
    if let Some(database) = &spec.database {
        let price = sizes.database_class.as_ref().and_then(|class| region.rds_instance_hour.get(class));
        match price {
            Some(price) => {
                saved +=
                    price * hours_in(stretches, |state| spec.state.database_up() && !state.database_up());
            }
            None => unknown.push(format!("database `{}`", database.target.identifier())),
        }
    }
    let without = match unknown.as_slice() {
        [] => String::new(),
        names => format!(", not counting {} (size or price unknown)", names.join(", ")),
    };
    format!("  saves about {saved:.2} {currency}{without}; an estimate from list prices of {as_of}\n")
}

fn hours_in(stretches: &[Stretch], counts: impl Fn(State) -> bool) -> f64 {
    let counted = stretches.iter().filter(|stretch| counts(stretch.state));
    counted.map(|stretch| stretch.length.num_seconds() as f64 / 3600.0).sum()
}
