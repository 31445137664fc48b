//! Ordinary crontab once more, as plainly as it can be said: is it due at this minute? Shares nothing with the
//! room: no parser, no sets of bits, no `cron` crate.

use chrono::{Datelike, NaiveDateTime, Timelike};
use proptest::prelude::*;

use crate::schedule::Crontab;

/// A crontab line before it is written down.
#[derive(Clone, Debug)]
pub(in crate::schedule) struct Plain {
    minute: Vec<Item>,
    hour: Vec<Item>,
    day_of_month: Vec<Item>,
    month: Vec<Item>,
    day_of_week: Vec<Item>,
    as_names: bool,
}

#[derive(Clone, Debug)]
enum Item {
    Star { step: Option<u32> },
    One(u32),
    Range { from: u32, to: u32, step: Option<u32> },
}

impl Plain {
    /// Vixie's rule, minute by minute.
    pub(in crate::schedule) fn is_due(&self, wall: NaiveDateTime) -> bool {
        let due = |items: &[Item], value: u32, low: u32, high: u32, around: u32| {
            items.iter().any(|item| item.includes(value, low, high, around))
        };
        if !due(&self.minute, wall.minute(), 0, 59, 0) || !due(&self.hour, wall.hour(), 0, 23, 0) {
            return false;
        }
        let weekday = wall.weekday().num_days_from_sunday();
        let on_day = due(&self.day_of_month, wall.day(), 1, 31, 0);
        // Sunday has two numbers.
        let on_weekday =
            due(&self.day_of_week, weekday, 0, 7, 7) || weekday == 0 && due(&self.day_of_week, 7, 0, 7, 7);
        let starts_with_star = |items: &[Item]| matches!(items[0], Item::Star { .. });
        let either = !starts_with_star(&self.day_of_month) && !starts_with_star(&self.day_of_week);
        due(&self.month, wall.month(), 1, 12, 12)
            && if either { on_day || on_weekday } else { on_day && on_weekday }
    }

    /// The line as a person writes it.
    pub(in crate::schedule) fn text(&self) -> String {
        let months = ["", "jan", "Feb", "MAR", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
        let days = ["sun", "Mon", "TUE", "wed", "thu", "fri", "sat", "7"];
        let number = |value: u32| value.to_string();
        let month =
            |value: u32| if self.as_names { months[value as usize].to_owned() } else { number(value) };
        let day = |value: u32| if self.as_names { days[value as usize].to_owned() } else { number(value) };
        format!(
            "{} {} {} {} {}",
            list(&self.minute, &number),
            list(&self.hour, &number),
            list(&self.day_of_month, &number),
            list(&self.month, &month),
            list(&self.day_of_week, &day),
        )
    }

    /// The line as the room reads it.
    pub(in crate::schedule) fn crontab(&self) -> Crontab {
        Crontab::parse(&self.text()).unwrap_or_else(|error| panic!("{}: {error:?}", self.text()))
    }
}

impl Item {
    fn includes(&self, value: u32, low: u32, high: u32, around: u32) -> bool {
        let walk = |from: u32, to: u32, step: Option<u32>| {
            let mut at = from;
            while at <= to {
                if at == value || around > 0 && at > high && at - around == value {
                    return true;
                }
                // Around the week, 7 and 0 are the same day: step over one of them.
                if around == 7 && to > high && at % 7 == value {
                    return true;
                }
                at += step.unwrap_or(1);
            }
            false
        };
        match *self {
            Item::Star { step } => walk(low, high, step),
            Item::One(one) => one == value,
            Item::Range { from, to, step } if from <= to => walk(from, to, step),
            Item::Range { from, to, step } => walk(from, to + around, step),
        }
    }
}

fn list(items: &[Item], name: &dyn Fn(u32) -> String) -> String {
    let step = |step: &Option<u32>| step.map_or(String::new(), |step| format!("/{step}"));
    let texts: Vec<String> = items
        .iter()
        .map(|item| match item {
            Item::Star { step: by } => format!("*{}", step(by)),
            Item::One(one) => name(*one),
            Item::Range { from, to, step: by } => format!("{}-{}{}", name(*from), name(*to), step(by)),
        })
        .collect();
    texts.join(",")
}

fn item(low: u32, high: u32, goes_around: bool) -> impl Strategy<Value = Item> {
    let step = || proptest::option::weighted(0.3, 1..=(high - low + 1));
    prop_oneof![
        1 => step().prop_map(|step| Item::Star { step }),
        3 => (low..=high).prop_map(Item::One),
        2 => (low..=high, low..=high, step()).prop_map(move |(a, b, step)| {
            let (from, to) = if goes_around { (a, b) } else { (a.min(b), a.max(b)) };
            Item::Range { from, to, step }
        }),
    ]
}

fn items(low: u32, high: u32, goes_around: bool) -> impl Strategy<Value = Vec<Item>> {
    proptest::collection::vec(item(low, high, goes_around), 1..=2)
}

fn star() -> Vec<Item> {
    vec![Item::Star { step: None }]
}

/// Any line at all.
pub(in crate::schedule) fn any_line() -> impl Strategy<Value = Plain> {
    let month = prop_oneof![2 => Just(star()), 1 => items(1, 12, true)];
    with_month(month.boxed())
}

/// Any line that has a chance in every month.
pub(in crate::schedule) fn line_of_every_month() -> impl Strategy<Value = Plain> {
    with_month(Just(star()).boxed())
}

fn with_month(month: BoxedStrategy<Vec<Item>>) -> impl Strategy<Value = Plain> {
    let day_of_month = prop_oneof![2 => Just(star()), 1 => items(1, 31, false)];
    let day_of_week = prop_oneof![1 => Just(star()), 2 => items(0, 7, true)];
    (items(0, 59, false), items(0, 23, false), day_of_month, month, day_of_week, any::<bool>()).prop_map(
        |(minute, hour, day_of_month, month, day_of_week, as_names)| Plain {
            minute,
            hour,
            day_of_month,
            month,
            day_of_week,
            as_names,
        },
    )
}
