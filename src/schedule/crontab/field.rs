//! One field of a crontab line, read into a set of numbers.

use super::super::syntax::SyntaxError;

/// What a field counts: its range of values and their names.
pub(super) struct FieldKind {
    /// As in "`x` is not …".
    name: &'static str,
    low: u32,
    high: u32,
    /// The names of `low`, `low + 1`, …
    names: &'static [&'static str],
    /// The number of values after which a range may wrap around (`fri-mon`). Only where values have names: `50-10`
    /// in minutes is a mistake.
    period: Option<u32>,
}

/// A field, read.
pub(super) struct Field {
    /// The values: bit `n` is `n`. Sunday is 0 only.
    pub(super) bits: u64,
    /// Whether the field restricts at all: in Vixie cron any that does not *start* with `*`.
    pub(super) restricted: bool,
}

/// The five fields of a line.
pub(super) struct Fields {
    pub(super) minute: Field,
    pub(super) hour: Field,
    pub(super) day_of_month: Field,
    pub(super) month: Field,
    pub(super) day_of_week: Field,
}

pub(super) const MINUTE: FieldKind =
    FieldKind { name: "a minute", low: 0, high: 59, names: &[], period: None };
pub(super) const HOUR: FieldKind = FieldKind { name: "an hour", low: 0, high: 23, names: &[], period: None };
pub(super) const DAY_OF_MONTH: FieldKind =
    FieldKind { name: "a day of the month", low: 1, high: 31, names: &[], period: None };
pub(super) const MONTH: FieldKind = FieldKind {
    name: "a month",
    low: 1,
    high: 12,
    names: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
    period: Some(12),
};
pub(super) const DAY_OF_WEEK: FieldKind = FieldKind {
    name: "a day of the week",
    low: 0,
    // Sunday is 0 and 7.
    high: 7,
    names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
    period: Some(7),
};

/// Days 1 to 31.
pub(super) const ALL_DAYS_OF_MONTH: u64 = 0xffff_fffe;

/// Reads a list of values, ranges and steps. `text` must be a slice of `line`, which errors point into.
pub(super) fn parse(line: &str, text: &str, kind: &FieldKind) -> Result<Field, SyntaxError> {
    let mut bits = 0;
    for item in text.split(',') {
        for value in values_of(line, item, kind)? {
            bits |= 1 << kind.normal(value);
        }
    }
    Ok(Field { bits, restricted: !text.starts_with('*') })
}

/// `*`, `a` or `a-b`, the first and the last perhaps with `/step`; values may run past the end of the kind.
fn values_of(
    line: &str,
    item: &str,
    kind: &FieldKind,
) -> Result<std::iter::StepBy<std::ops::RangeInclusive<u32>>, SyntaxError> {
    let (range, step_text) = item.split_once('/').map_or((item, None), |(range, step)| (range, Some(step)));
    let step = step_text.map_or(Ok(1), |text| parse_step(line, text, kind))?;
    let (first, last) = if range == "*" {
        (kind.low, kind.high)
    } else if let Some((first_text, last_text)) = range.split_once('-') {
        let (first, last) = (kind.value(line, first_text)?, kind.value(line, last_text)?);
        match kind.period {
            _ if first <= last => (first, last),
            Some(period) => (first, last + period),
            None => {
                let hint = format!("write `{first}-{},{}-{last}`", kind.high, kind.low);
                return Err(
                    SyntaxError::at(line, range, format!("`{range}` ends before it begins")).hint(hint)
                );
            }
        }
    } else {
        let only = kind.value(line, range)?;
        if step_text.is_some() {
            return Err(SyntaxError::at(line, item, format!("`{item}` has a step but no range"))
                .hint(format!("write `{range}-{}/{step}`", kind.high)));
        }
        (only, only)
    };
    Ok((first..=last).step_by(step))
}

fn parse_step(line: &str, text: &str, kind: &FieldKind) -> Result<usize, SyntaxError> {
    // A longer step would silently mean "the first value only", which is not what `*/90` says.
    let longest = kind.high - kind.low + 1;
    let step = number(text).filter(|step| (1..=longest).contains(step));
    step.map(|step| step as usize).ok_or_else(|| {
        SyntaxError::at(line, text, format!("`{text}` is not a valid step"))
            .hint(format!("a step in this field is a number from 1 to {longest}"))
    })
}

impl FieldKind {
    fn value(&self, line: &str, text: &str) -> Result<u32, SyntaxError> {
        let named = || self.names.iter().position(|name| name.eq_ignore_ascii_case(text));
        let value = match named() {
            Some(index) => Some(self.low + index as u32),
            None => number(text).filter(|number| (self.low..=self.high).contains(number)),
        };
        value.ok_or_else(|| {
            let message = if text.is_empty() {
                format!("{} is missing", self.name)
            } else {
                format!("`{text}` is not {}", self.name)
            };
            SyntaxError::at(line, text, message).hint(self.advice(text))
        })
    }

    /// What to write instead of `text`.
    fn advice(&self, text: &str) -> String {
        if text == "?" {
            return "write `*`".to_owned();
        }
        if text.contains('#') || text.ends_with(['L', 'W']) {
            return "`L`, `W` and `#` are not supported".to_owned();
        }
        let range = format!("{} to {}", self.low, self.high);
        match self.names {
            [first, .., last] => format!("write {range}, or {first} to {last}"),
            _ => format!("write {range}"),
        }
    }

    /// The number of a value after wrapping around: Sunday is 0, January is 1.
    fn normal(&self, value: u32) -> u32 {
        match self.period {
            Some(period) => (value - self.low) % period + self.low,
            None => value,
        }
    }
}

/// Plain digits: no sign, nothing longer than a field can hold.
fn number(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}
