//! From ordinary crontab to the dialect of the `cron` crate, verified against its version 0.17: the crate expects
//! seconds, counts Sunday as 1 and refuses 0, refuses ranges that wrap around, and demands that *both* day fields
//! match. We give it plain lists of numbers only, so how it reads names and ranges does not matter.

use super::field::{ALL_DAYS_OF_MONTH, Fields};

/// The lines whose union is the crontab line: two if either day field is enough, else one.
pub(super) fn translate(fields: &Fields) -> Vec<cron::Schedule> {
    let Fields { minute, hour, day_of_month, month, day_of_week } = fields;
    let line = |days_of_month: u64, days_of_week: Option<u64>| {
        let text = format!(
            "0 {} {} {} {} {}",
            list(minute.bits, 0),
            list(hour.bits, 0),
            list(days_of_month, 0),
            list(month.bits, 0),
            // Their Sunday is 1.
            days_of_week.map_or("*".to_owned(), |bits| list(bits, 1)),
        );
        text.parse().expect("lists of numbers within range are valid in the dialect")
    };
    if day_of_month.restricted && day_of_week.restricted {
        vec![line(day_of_month.bits, None), line(ALL_DAYS_OF_MONTH, Some(day_of_week.bits))]
    } else {
        vec![line(day_of_month.bits, Some(day_of_week.bits))]
    }
}

fn list(bits: u64, shift: u32) -> String {
    let numbers: Vec<String> =
        (0..64).filter(|i| bits >> i & 1 == 1).map(|i| (i + shift).to_string()).collect();
    numbers.join(",")
}
