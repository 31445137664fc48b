//! Whether a task definition's environment variables name a host. Their values are read here and nowhere else.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::cloud::Document;

/// Those of these host names (in lower case) that are in a value of any container's `environment`.
pub(super) fn mentioned<'a>(document: &Document, hosts: impl Iterator<Item = &'a str>) -> BTreeSet<&'a str> {
    let values: Vec<String> = document
        .containers()
        .filter_map(|container| container.get("environment").and_then(Value::as_array))
        .flatten()
        .filter_map(|pair| pair.get("value").and_then(Value::as_str))
        .map(str::to_ascii_lowercase)
        .collect();
    hosts.filter(|host| values.iter().any(|value| names(value, host))).collect()
}

/// The host as a whole: `shop.x.rds.amazonaws.com` does not stand in `my-shop.x.rds.amazonaws.com`.
fn names(value: &str, host: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    !host.is_empty()
        && value.match_indices(host).any(|(at, _)| {
            let (before, after) = (&value[..at], &value[at + host.len()..]);
            // A full name may end with a dot of its own.
            let after = after.strip_prefix('.').unwrap_or(after);
            !before.ends_with(is_part) && !after.starts_with(is_part)
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_host_is_named_as_a_whole() {
        let host = "shop.abc.eu-west-1.rds.amazonaws.com";
        for (value, is_named) in [
            ("shop.abc.eu-west-1.rds.amazonaws.com", true),
            ("postgres://app:pw@SHOP.abc.eu-west-1.rds.amazonaws.com:5432/app", true),
            ("shop.abc.eu-west-1.rds.amazonaws.com.", true),
            ("my-shop.abc.eu-west-1.rds.amazonaws.com", false),
            ("ro.shop.abc.eu-west-1.rds.amazonaws.com", false),
            ("shop.abc.eu-west-1.rds.amazonaws.com.cn", false),
            ("shop", false),
        ] {
            let document = Document::new(json!({"containerDefinitions": [
                {"name": "log-router"},
                {"name": "web", "environment": [{"name": "A", "value": "1"}, {"name": "DB", "value": value}]},
            ]}));
            assert_eq!(!mentioned(&document, [host].into_iter()).is_empty(), is_named, "{value}");
        }
    }
}
