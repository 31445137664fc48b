//! A task definition's text. It is kept whole, so that a field that tidegate does not know is not lost when a new
//! revision is registered. It is never printed, because people keep secrets in `environment`.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::model::{ContainerName, ImageRef};

/// The fields of a task definition that describe it, in the shape of
/// [RegisterTaskDefinition](https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html).
///
/// Shared, because a pass hands the same revision from the cloud to the observation and to the plan.
#[derive(Clone, PartialEq, Deserialize)]
#[serde(from = "Value")]
pub struct Document(Arc<Value>);

impl Document {
    /// Wraps the describing fields; the caller has removed those that only identify a revision (ARN, number, status).
    pub fn new(value: Value) -> Self {
        Self(Arc::new(value))
    }

    /// The whole text, for the adapter that registers it.
    pub fn expose(&self) -> &Value {
        &self.0
    }

    /// The image of each container, by the container's name.
    pub fn images(&self) -> BTreeMap<ContainerName, ImageRef> {
        self.containers()
            .filter_map(|container| {
                Some((
                    ContainerName::new(container.get("name")?.as_str()?),
                    ImageRef::new(container.get("image")?.as_str()?),
                ))
            })
            .collect()
    }

    /// The same definition with other images in the named containers; nothing else changes.
    pub fn with_images(&self, images: &BTreeMap<ContainerName, ImageRef>) -> Document {
        let mut value = Value::clone(&self.0);
        let containers = value.get_mut("containerDefinitions").and_then(Value::as_array_mut);
        for container in containers.into_iter().flatten() {
            let wanted =
                container.get("name").and_then(Value::as_str).and_then(|name| images.get(name)).cloned();
            if let (Some(image), Some(fields)) = (wanted, container.as_object_mut()) {
                fields.insert("image".to_owned(), Value::String(image.as_str().to_owned()));
            }
        }
        Document::new(value)
    }

    /// The fields of each container.
    pub fn containers(&self) -> impl Iterator<Item = &serde_json::Map<String, Value>> {
        self.0
            .get("containerDefinitions")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_object)
    }

    /// Equal for equal definitions, whatever the order of their keys.
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        hash_canonical(&self.0, &mut hash);
        hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }
}

impl From<Value> for Document {
    fn from(value: Value) -> Self {
        Self::new(value)
    }
}

impl Serialize for Document {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

fn hash_canonical(value: &Value, hash: &mut Sha256) {
    match value {
        Value::Object(fields) => {
            let sorted: BTreeMap<&String, &Value> = fields.iter().collect();
            hash.update(b"{");
            for (key, value) in sorted {
                hash.update(Value::String(key.clone()).to_string());
                hash_canonical(value, hash);
            }
            hash.update(b"}");
        }
        Value::Array(items) => {
            hash.update(b"[");
            for item in items {
                hash_canonical(item, hash);
                hash.update(b",");
            }
            hash.update(b"]");
        }
        scalar => hash.update(scalar.to_string()),
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Document({})", self.fingerprint())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_the_named_containers_images_change() {
        let document = Document::new(json!({"family": "graasp", "containerDefinitions": [
            {"name": "core", "image": "a:1", "environment": [{"name": "PASSWORD", "value": "hunter2"}]},
            {"name": "nudenet", "image": "n:latest"},
        ]}));
        let next = document.with_images(&BTreeMap::from([("core".into(), ImageRef::new("a:2"))]));
        let mut expected = document.expose().clone();
        expected["containerDefinitions"][0]["image"] = json!("a:2");
        assert_eq!(next.expose(), &expected);
        assert_ne!(next.fingerprint(), document.fingerprint());
        assert!(!format!("{document:?}").contains("hunter2"));
    }

    #[test]
    fn the_order_of_keys_does_not_count() {
        let one = Document::new(json!({"cpu": "256", "memory": "512"}));
        let two = Document::new(json!({"memory": "512", "cpu": "256"}));
        assert_eq!(one.fingerprint(), two.fingerprint());
    }
}
