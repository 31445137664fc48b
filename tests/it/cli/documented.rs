//! Every field of every document is named in `src/report/json.md`.

use std::collections::BTreeSet;

use serde_json::Value;
use tidegate::sim::Outcome;

use super::place::{NOON, Place, SATURDAY};

/// Objects whose keys are people's words.
const MAPS: [&str; 3] = ["versions", "declared_versions", "images"];

fn keys(of: &Value, found: &mut BTreeSet<String>) {
    match of {
        Value::Object(fields) => {
            for (key, value) in fields {
                found.insert(key.clone());
                if !MAPS.contains(&key.as_str()) {
                    keys(value, found);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| keys(item, found)),
        _ => {}
    }
}

#[test]
fn every_field_is_documented() {
    let mut found = BTreeSet::new();
    let place = Place::new("examples/migration", NOON);
    place.edit(|world| world.script.migration("v5.0.0", [Outcome::Exit { code: 1, partial: true }]));
    keys(&place.json(&["plan", "library"], 0), &mut found);
    keys(&place.json(&["apply", "library"], 1), &mut found);
    let recorded = ["record-schema", "library", "v5.0.0", "--reason", "done by hand"];
    assert_eq!(place.run(&recorded).code, 0);
    keys(&place.json(&["apply", "library"], 0), &mut found);
    keys(&place.json(&["history", "library"], 0), &mut found);
    let asleep = Place::new(".", SATURDAY);
    keys(&asleep.json(&["plan", "dev"], 0), &mut found);
    keys(&asleep.json(&["status"], 0), &mut found);
    keys(&asleep.json(&["schedule", "dev"], 0), &mut found);
    let documentation = include_str!("../../../src/report/json.md");
    let missing: Vec<_> = found.iter().filter(|key| !documentation.contains(&format!("`{key}`"))).collect();
    assert!(found.len() > 50 && missing.is_empty(), "not in src/report/json.md: {missing:?}");
}
