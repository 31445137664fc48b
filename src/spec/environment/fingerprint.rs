//! Fingerprints of a declaration: the journal keeps them to tell an edit in git from drift in AWS.
//!
//! A fingerprint is made from the words of the declaration (`words`), never from the types that hold it: a type that is
//! renamed, and a key that is new and not used, change no fingerprint.

mod words;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::EnvironmentSpec;
use crate::model::{Version, VersionKey};

/// The key of the whole declaration.
const WHOLE: &str = "whole";

/// How fingerprints are made: another number, another way. Those of the first way had none.
const WAY: &str = "2:";

impl EnvironmentSpec {
    /// Fingerprints of the whole declaration, under `whole`, and of each part that may drift, under `service/web`,
    /// `gate` and `database`. Equal declarations have equal fingerprints; any edit changes one.
    pub fn fingerprints(&self) -> BTreeMap<String, String> {
        let services = self.services.iter().map(|(name, service)| {
            let images: Vec<_> = service.images.values().map(|image| image.render(&self.versions)).collect();
            let words = json!([words::service(service), images]);
            (format!("service/{name}"), fingerprint(words))
        });
        let rest = [
            (WHOLE.to_owned(), fingerprint(words::environment(self))),
            ("gate".to_owned(), fingerprint(words::maintenance(self.maintenance.as_ref()))),
            ("database".to_owned(), fingerprint(words::database(self.database.as_ref()))),
        ];
        services.chain(rest).collect()
    }
}

/// What an environment was declared as when it converged: its versions, and the fingerprints of its parts.
#[derive(Clone, Copy, Debug)]
pub struct DeclaredThen<'a> {
    /// The versions.
    pub versions: &'a BTreeMap<VersionKey, Version>,
    /// The fingerprints, by part.
    pub fingerprints: &'a BTreeMap<String, String>,
}

impl DeclaredThen<'_> {
    /// The parts that are declared now as they were then. A fingerprint that was made in another way cannot be
    /// compared: then only the versions speak, and nothing else says that the part was edited.
    pub fn unchanged_parts(&self, now: &EnvironmentSpec) -> BTreeSet<String> {
        let is_unchanged = |(part, print): &(String, String)| {
            self.fingerprints.get(part).is_some_and(|then| {
                if then.starts_with(WAY) { then == print } else { *self.versions == now.versions }
            })
        };
        now.fingerprints().into_iter().filter(is_unchanged).map(|(part, _)| part).collect()
    }

    /// Whether the whole declaration is the same now.
    pub fn is_unchanged(&self, now: &EnvironmentSpec) -> bool {
        self.unchanged_parts(now).contains(WHOLE)
    }
}

fn fingerprint(words: Value) -> String {
    let digest = Sha256::digest(without_nothing(words).to_string());
    let digits: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("{WAY}{digits}")
}

/// The words without those that say nothing: what is absent, empty or `false`. So a key that is added to the
/// declaration later changes nothing where it is not used.
fn without_nothing(words: Value) -> Value {
    let says = |value: &Value| match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(values) => !values.is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::Bool(true) | Value::Number(_) => true,
    };
    match words {
        Value::Object(members) => {
            let mut members: Vec<_> =
                members.into_iter().map(|(key, value)| (key, without_nothing(value))).collect();
            members.retain(|(_, value)| says(value));
            members.sort_by(|(one, _), (other, _)| one.cmp(other));
            members.into_iter().collect()
        }
        Value::Array(values) => values.into_iter().map(without_nothing).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_nothing_changes_no_fingerprint() {
        let before = json!({"b": 1, "a": {"x": ["y"]}});
        let after =
            json!({"a": {"x": ["y"], "new": null}, "b": 1, "off": false, "none": [], "deep": {"d": {}}});
        assert_eq!(fingerprint(before.clone()), fingerprint(after));
        for other in [json!({"b": 1, "a": {"x": ["z"]}}), json!({"b": 1, "a": {"x": ["y"]}, "on": true})] {
            assert_ne!(fingerprint(before.clone()), fingerprint(other));
        }
        // Byte for byte: journals hold it.
        assert_eq!(fingerprint(before), "2:e2ba8690ad6558ee");
    }

    #[test]
    fn a_fingerprint_made_in_another_way_is_no_edit() {
        let spec = crate::bench::shop();
        let first_way: BTreeMap<String, String> =
            spec.fingerprints().into_keys().map(|part| (part, "00112233445566ff".to_owned())).collect();
        let mut edited = spec.clone();
        edited.services.get_mut("web").expect("the shop has it").count += 1;
        let mut bumped = spec.clone();
        bumped.versions.insert("core".into(), "v9".into());
        let second_way = spec.fingerprints();
        for (fingerprints, now, parts_changed, is_whole) in [
            (&second_way, &spec, 0, true),
            (&second_way, &edited, 2, false),
            (&first_way, &spec, 0, true),
            (&first_way, &edited, 0, true),
            (&first_way, &bumped, first_way.len(), false),
        ] {
            let then = DeclaredThen { versions: &spec.versions, fingerprints };
            assert_eq!(then.unchanged_parts(now).len(), first_way.len() - parts_changed);
            assert_eq!(then.is_unchanged(now), is_whole);
        }
    }
}
