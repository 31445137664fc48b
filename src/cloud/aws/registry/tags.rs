//! Tags as versions: those that are worth suggesting. Pure.

use std::cmp::Ordering;

/// Tags that are suggested when an image is missing.
const SHOWN_MAX: usize = 5;

/// Tags that look like `wanted`: those that begin alike first, otherwise in the order given, newest first.
pub(super) fn like(wanted: &str, mut tags: Vec<String>) -> Vec<String> {
    let kind = |tag: &str| tag.split('-').next().map(str::to_owned);
    let wanted = kind(wanted);
    tags.sort_by_key(|tag| kind(tag) != wanted);
    tags.truncate(SHOWN_MAX);
    tags
}

/// The highest first, numbers compared as numbers: `v1.10` before `v1.9`.
pub(super) fn highest_first(mut tags: Vec<String>) -> Vec<String> {
    tags.sort_by(|one, two| compare(two, one));
    tags
}

fn compare(one: &str, two: &str) -> Ordering {
    let (mut one, mut two) = (one, two);
    loop {
        match (one.is_empty(), two.is_empty()) {
            (true, true) => return Ordering::Equal,
            (true, false) => return Ordering::Less,
            (false, true) => return Ordering::Greater,
            (false, false) => {}
        }
        let (part, rest) = split(one);
        let (other, other_rest) = split(two);
        let number = |part: &str| part.parse::<u128>().ok();
        let order = match (number(part), number(other)) {
            (Some(part), Some(other)) => part.cmp(&other),
            _ => part.cmp(other),
        };
        if order != Ordering::Equal {
            return order;
        }
        (one, two) = (rest, other_rest);
    }
}

/// The longest beginning that is all digits, or without any.
fn split(text: &str) -> (&str, &str) {
    let is_digit = |letter: char| letter.is_ascii_digit();
    let starts_so = text.starts_with(is_digit);
    let end = text.find(|letter| is_digit(letter) != starts_so).unwrap_or(text.len());
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_tags_are_numbers() {
        let tags = ["core-v1.9.0", "core-v1.10.0", "core-latest", "core-v2", "core-v1.10.0-hotfix"];
        let sorted = highest_first(tags.map(str::to_owned).to_vec());
        assert_eq!(sorted, ["core-v2", "core-v1.10.0-hotfix", "core-v1.10.0", "core-v1.9.0", "core-latest"]);
    }

    #[test]
    fn what_begins_alike_is_named_first() {
        let tags = ["workers-v3", "core-v2", "workers-v2", "core-v1", "x", "y"].map(str::to_owned).to_vec();
        assert_eq!(like("core-v9", tags), ["core-v2", "core-v1", "workers-v3", "workers-v2", "x"]);
    }
}
