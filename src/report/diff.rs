//! The lines that change inside a task definition, without values that must not be shown.
//!
//! People keep secrets in plain `environment`, `command`, labels and log options. So every such value is compared but
//! never printed: the output only says that it has changed.

use std::collections::BTreeMap;

use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use crate::cloud::Document;

/// The keys whose values are shown. A change of any other value is shown as `changed`.
const SHOWN: [&str; 10] = [
    "image",
    "cpu",
    "memory",
    "memoryReservation",
    "essential",
    "networkMode",
    "family",
    "cpuArchitecture",
    "operatingSystemFamily",
    "sizeInGiB",
];

/// The lines that differ: `- old`, `+ new`, and `~ …: changed` for hidden values. Empty = no change.
pub fn definition_diff(before: &Document, after: &Document) -> Vec<String> {
    let (before, after) = (leaves(before), leaves(after));
    let shown = |leaves: &BTreeMap<String, Leaf>| {
        leaves
            .iter()
            .filter_map(|(path, leaf)| leaf.shown().map(|value| format!("{path}: {value}\n")))
            .collect::<String>()
    };
    let (old, new) = (shown(&before), shown(&after));
    let mut lines: Vec<String> = TextDiff::from_lines(&old, &new)
        .iter_all_changes()
        .filter_map(|change| {
            let line = change.value().trim_end();
            match change.tag() {
                ChangeTag::Delete => Some(format!("- {line}")),
                ChangeTag::Insert => Some(format!("+ {line}")),
                ChangeTag::Equal => None,
            }
        })
        .collect();
    lines.extend(hidden_changes(&before, &after));
    lines.iter().map(|line| short_digests(line)).collect()
}

/// Cuts a digest: people compare only its first characters.
fn short_digests(line: &str) -> String {
    const SHOWN_CHARS: usize = 12;
    let Some((before, digest)) = line.split_once("@sha256:") else { return line.to_owned() };
    let shown: String = digest.chars().take(SHOWN_CHARS).collect();
    format!("{before}@sha256:{shown}…")
}

fn hidden_changes(before: &BTreeMap<String, Leaf>, after: &BTreeMap<String, Leaf>) -> Vec<String> {
    let mut paths: Vec<&String> = before.keys().chain(after.keys()).collect();
    paths.sort();
    paths.dedup();
    paths
        .into_iter()
        .filter_map(|path| match (before.get(path), after.get(path)) {
            (Some(Leaf::Hidden(one)), Some(Leaf::Hidden(other))) if one != other => {
                Some(format!("~ {path}: changed"))
            }
            (Some(Leaf::Hidden(_)), None) => Some(format!("- {path}")),
            (None, Some(Leaf::Hidden(_))) => Some(format!("+ {path}")),
            _ => None,
        })
        .collect()
}

enum Leaf {
    Shown(String),
    /// Only compared, never shown.
    Hidden(Value),
}

impl Leaf {
    fn shown(&self) -> Option<&str> {
        match self {
            Leaf::Shown(text) => Some(text),
            Leaf::Hidden(_) => None,
        }
    }
}

/// Every value by its path. Items of a list with names (containers, variables) use the name, so that their order does
/// not matter; any other list is one value.
fn leaves(document: &Document) -> BTreeMap<String, Leaf> {
    let mut found = BTreeMap::new();
    walk(String::new(), "", document.expose(), &mut found);
    found
}

fn walk(path: String, key: &str, value: &Value, found: &mut BTreeMap<String, Leaf>) {
    let below = |key: &str| match path.as_str() {
        "" => key.to_owned(),
        path => format!("{path}.{key}"),
    };
    match value {
        Value::Object(fields) => {
            let is_pair = fields.contains_key("name")
                && fields.keys().all(|key| matches!(key.as_str(), "name" | "value" | "valueFrom"));
            if is_pair {
                found.insert(path, Leaf::Hidden(value.clone()));
                return;
            }
            // The names of labels and options are no secrets; their values are.
            fields.iter().for_each(|(key, value)| walk(below(key), key, value, found));
        }
        Value::Array(items) if !items.is_empty() && items.iter().all(|item| name_of(item).is_some()) => {
            let inner = if key == "containerDefinitions" { String::new() } else { path.clone() };
            for item in items {
                let name = name_of(item).expect("checked in the guard");
                let path = if inner.is_empty() { name.to_owned() } else { format!("{inner}.{name}") };
                walk(path, name, item, found);
            }
        }
        scalar if SHOWN.contains(&key) && !is_inside_hidden(&path) => {
            let text = scalar.as_str().map_or_else(|| scalar.to_string(), str::to_owned);
            found.insert(path, Leaf::Shown(text));
        }
        hidden => {
            found.insert(path, Leaf::Hidden(hidden.clone()));
        }
    }
}

/// A label may also have the name `image`; it stays hidden.
fn is_inside_hidden(path: &str) -> bool {
    path.split('.')
        .any(|part| matches!(part, "dockerLabels" | "options" | "environment" | "secrets" | "secretOptions"))
}

fn name_of(item: &Value) -> Option<&str> {
    item.get("name").and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn document(image: &str, secret: &str) -> Document {
        Document::new(json!({
            "family": "graasp", "cpu": "512",
            "containerDefinitions": [
                {"name": "core", "image": image, "command": ["serve", secret],
                 "environment": [{"name": "DB", "value": secret}, {"name": "PORT", "value": "80"}],
                 "dockerLabels": {"image": secret},
                 "logConfiguration": {"logDriver": "awslogs", "options": {"splunk-token": secret}}},
                {"name": "nudenet", "image": "nudenet:latest"},
            ],
        }))
    }

    #[test]
    fn images_are_shown_and_everything_else_is_only_changed() {
        let lines = definition_diff(&document("core:1", "hunter2"), &document("core:2", "hunter3"));
        assert_eq!(
            lines,
            [
                "- core.image: core:1",
                "+ core.image: core:2",
                "~ core.command: changed",
                "~ core.dockerLabels.image: changed",
                "~ core.environment.DB: changed",
                "~ core.logConfiguration.options.splunk-token: changed",
            ]
        );
    }

    #[test]
    fn what_comes_and_goes_is_named_without_its_value() {
        let with = |variables: Value| {
            Document::new(json!({"containerDefinitions": [{"name": "core", "environment": variables}]}))
        };
        let one = with(json!([{"name": "A", "value": "hunter2"}]));
        let other = with(json!([{"name": "B", "value": "hunter2"}]));
        assert_eq!(definition_diff(&one, &other), ["- core.environment.A", "+ core.environment.B"]);
    }

    #[test]
    fn the_order_of_containers_and_variables_does_not_count() {
        let one = document("core:1", "x");
        let mut value = one.expose().clone();
        value["containerDefinitions"].as_array_mut().unwrap().reverse();
        assert_eq!(definition_diff(&one, &Document::new(value)), Vec::<String>::new());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_secret_is_ever_printed(one in "[a-z]{12}", other in "[a-z]{12}") {
            let lines = definition_diff(&document("i:1", &one), &document("i:2", &other)).join("\n");
            prop_assert!(!lines.contains(&one) && !lines.contains(&other));
        }
    }
}
