//! The JSON Schema of a declaration, made from the types in `raw`.
//!
//! An editor checks one file at a time and does not follow `extends`, so the schema has two degrees. In every file:
//! known keys, types and forms; any key may be empty (`~` removes an inherited one). In a file that stands alone (it
//! has no `extends`, and a `name` or `cluster`): required keys, too.

use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::transform_subschemas;
use serde_json::{Map, Value, json};

use super::raw::RawEnvironment;

/// A name, not an address: editors read the file beside the declarations.
const ID: &str = "urn:tidegate:environment:v1";

/// The schema, JSON Schema draft 2020-12.
pub fn schema() -> Value {
    let complete = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<RawEnvironment>();
    let required = requirements(complete.as_value(), complete.as_value());
    let mut partial = complete;
    allow_partial(&mut partial);
    let mut root = Map::new();
    root.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
    root.insert("$id".to_owned(), json!(ID));
    root.insert("title".to_owned(), json!("tidegate environment"));
    for (key, value) in partial.to_value().as_object_mut().expect("a type's schema is an object") {
        root.entry(key.clone()).or_insert(value.take());
    }
    // A shared part has neither name nor cluster, since no two environments can have the same.
    root.insert(
        "if".to_owned(),
        json!({
            "not": { "required": ["extends"] },
            "anyOf": [{ "required": ["name"] }, { "required": ["cluster"] }],
        }),
    );
    root.insert("then".to_owned(), required);
    Value::Object(root)
}

/// The part of a schema that says what is required, in the same shape.
fn requirements(schema: &Value, root: &Value) -> Value {
    let mut kept = Map::new();
    if let Some(name) = schema["$ref"].as_str().and_then(|target| target.strip_prefix("#/$defs/")) {
        return requirements(&root["$defs"][name], root);
    }
    if let Some(required) = schema.get("required") {
        kept.insert("required".to_owned(), required.clone());
    }
    let properties: Map<String, Value> = schema["properties"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| (key.clone(), requirements(value, root)))
        .filter(|(_, value)| !is_empty(value))
        .collect();
    if !properties.is_empty() {
        kept.insert("properties".to_owned(), Value::Object(properties));
    }
    for key in ["additionalProperties", "items"] {
        let inner = schema.get(key).map_or(Value::Null, |inner| requirements(inner, root));
        if !is_empty(&inner) {
            kept.insert(key.to_owned(), inner);
        }
    }
    // Alternatives differ in type, and `required` has no effect on a text or on null, so the requirements of all
    // alternatives can be merged.
    for alternative in schema["anyOf"].as_array().into_iter().flatten() {
        if let Value::Object(inner) = requirements(alternative, root) {
            kept.extend(inner);
        }
    }
    Value::Object(kept)
}

fn is_empty(value: &Value) -> bool {
    value.as_object().is_none_or(Map::is_empty)
}

/// Removes all requirements, and allows every value of a mapping to be empty.
fn allow_partial(schema: &mut Schema) {
    schema.remove("required");
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.values_mut().for_each(allow_null);
    }
    if let Some(values) = schema.get_mut("additionalProperties") {
        allow_null(values);
    }
    transform_subschemas(&mut allow_partial, schema);
}

fn allow_null(value: &mut Value) {
    let empty = json!({ "type": "null" });
    let Some(schema) = value.as_object_mut() else { return };
    match schema.get_mut("type") {
        Some(Value::String(single)) if single != "null" => {
            let both = json!([single.clone(), "null"]);
            schema.insert("type".to_owned(), both);
            return;
        }
        Some(_) => return,
        None => {}
    }
    match schema.get_mut("anyOf").and_then(Value::as_array_mut) {
        Some(alternatives) if alternatives.contains(&empty) => {}
        Some(alternatives) => alternatives.push(empty),
        None => {
            // Words about the key stay beside the alternatives, so that editors show them.
            let mut inner = std::mem::take(schema);
            for key in ["description", "default"] {
                schema.extend(inner.remove(key).map(|words| (key.to_owned(), words)));
            }
            schema.insert("anyOf".to_owned(), json!([inner, empty]));
        }
    }
}
