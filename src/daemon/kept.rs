//! The declarations last in force, kept in the store as the files that they are made of: a restart applies them while
//! the repository is away, broken or rewritten.
//!
//! Files and not their meaning are kept, so that a newer tidegate reads them with its own rules. They hold no secret:
//! declarations only name the places of secrets.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::{EnvironmentName, Instant, Revision};
use crate::store::{Store, StoreError};

/// The kind of the record.
const KIND: &str = "declaration";
const SCHEMA: &str = "tidegate-declaration/v1";

/// One declaration as it came into force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeptDeclaration {
    /// The revision that it came from.
    pub(super) revision: Revision,
    /// When it came into force.
    pub(super) since: Instant,
    /// The files that it is made of, by path.
    pub(super) files: BTreeMap<String, Vec<u8>>,
}

/// The record in the store.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    schema: String,
    /// The repository and the folder in it: the files of another one say nothing about this one.
    place: String,
    revision: Revision,
    since: Instant,
    files: BTreeMap<String, Content>,
}

/// The content of a file. A calendar need not be UTF-8.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Content {
    Text(String),
    Hex(String),
}

/// The declarations that a store keeps for one repository.
pub(super) struct KeptDeclarations {
    store: Arc<dyn Store>,
    place: String,
}

/// What the store holds for one environment.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    Declaration(KeptDeclaration),
    /// A declaration of another repository.
    Elsewhere {
        place: String,
    },
    /// A record that this version cannot read.
    Unreadable {
        why: String,
    },
}

impl KeptDeclarations {
    /// Those of the repository that people know as `place`.
    pub(super) fn new(store: Arc<dyn Store>, place: String) -> Self {
        Self { store, place }
    }

    /// Everything that the store keeps.
    pub(super) fn load(&self) -> Result<BTreeMap<EnvironmentName, Found>, StoreError> {
        let mut found = BTreeMap::new();
        for environment in self.store.environments()? {
            let record = match self.store.get_record(&environment, KIND) {
                Ok(Some(record)) => record,
                Ok(None) => continue,
                Err(error) => {
                    let why =
                        std::iter::successors(std::error::Error::source(&error), |cause| cause.source())
                            .fold(error.to_string(), |why, cause| format!("{why}: {cause}"));
                    found.insert(environment, Found::Unreadable { why });
                    continue;
                }
            };
            found.insert(environment, self.read(record));
        }
        Ok(found)
    }

    fn read(&self, record: serde_json::Value) -> Found {
        let wire: Wire = match serde_json::from_value(record) {
            Ok(wire) => wire,
            Err(error) => return Found::Unreadable { why: error.to_string() },
        };
        if wire.schema != SCHEMA {
            return Found::Unreadable { why: format!("its format is `{}`, not `{SCHEMA}`", wire.schema) };
        }
        if wire.place != self.place {
            return Found::Elsewhere { place: wire.place };
        }
        let mut files = BTreeMap::new();
        for (path, content) in wire.files {
            let Some(bytes) = content.bytes() else {
                return Found::Unreadable { why: format!("the content of `{path}` is damaged") };
            };
            files.insert(path, bytes);
        }
        Found::Declaration(KeptDeclaration { revision: wire.revision, since: wire.since, files })
    }

    /// Keeps a declaration; none = the repository no longer declares the environment.
    pub(super) fn save(
        &self,
        environment: &EnvironmentName,
        kept: Option<&KeptDeclaration>,
    ) -> Result<(), StoreError> {
        let record = kept.map(|kept| {
            let files = kept.files.iter().map(|(path, bytes)| (path.clone(), Content::of(bytes)));
            let wire = Wire {
                schema: SCHEMA.to_owned(),
                place: self.place.clone(),
                revision: kept.revision.clone(),
                since: kept.since,
                files: files.collect(),
            };
            serde_json::to_value(wire).expect("texts with text keys always become JSON")
        });
        self.store.put_record(environment, KIND, record.as_ref())
    }
}

impl Content {
    fn of(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Content::Text(text.to_owned()),
            Err(_) => Content::Hex(bytes.iter().fold(String::new(), |mut hex, byte| {
                let _ = write!(hex, "{byte:02x}");
                hex
            })),
        }
    }

    fn bytes(self) -> Option<Vec<u8>> {
        match self {
            Content::Text(text) => Some(text.into_bytes()),
            Content::Hex(hex) => {
                let pairs = hex.as_bytes().chunks(2);
                pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::StoreId;
    use crate::store::MemoryStore;

    fn kept() -> KeptDeclaration {
        let files =
            [("environments/dev.yaml", &b"name: dev\n"[..]), ("environments/a.ics", &b"\xff\x00"[..])];
        KeptDeclaration {
            revision: Revision::commit("a"),
            since: Instant::UNIX_EPOCH,
            files: files.map(|(path, bytes)| (path.to_owned(), bytes.to_vec())).into(),
        }
    }

    #[test]
    fn what_was_kept_is_loaded_for_its_own_repository_alone() {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new(StoreId::new("s")));
        let here = KeptDeclarations::new(store.clone(), "here".to_owned());
        here.save(&"dev".into(), Some(&kept())).unwrap();
        assert_eq!(here.load().unwrap(), [("dev".into(), Found::Declaration(kept()))].into());
        let there = KeptDeclarations::new(store, "there".to_owned());
        let elsewhere = Found::Elsewhere { place: "here".to_owned() };
        assert_eq!(there.load().unwrap(), [("dev".into(), elsewhere)].into());
        here.save(&"dev".into(), None).unwrap();
        assert_eq!(here.load().unwrap(), BTreeMap::new());
    }

    /// Records of this format stand on disks: they stay readable.
    #[test]
    fn the_format_of_the_record_stays() {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new(StoreId::new("s")));
        let here = KeptDeclarations::new(store.clone(), "here".to_owned());
        let golden = serde_json::json!({
            "schema": "tidegate-declaration/v1",
            "place": "here",
            "revision": "a",
            "since": "1970-01-01T00:00:00Z",
            "files": {"environments/a.ics": {"hex": "ff00"}, "environments/dev.yaml": {"text": "name: dev\n"}},
        });
        store.put_record(&"dev".into(), KIND, Some(&golden)).unwrap();
        assert_eq!(here.load().unwrap(), [("dev".into(), Found::Declaration(kept()))].into());
        here.save(&"dev".into(), Some(&kept())).unwrap();
        assert_eq!(store.get_record(&"dev".into(), KIND).unwrap(), Some(golden.clone()));
        for (key, damaged) in [
            ("schema", serde_json::json!("tidegate-declaration/v2")),
            ("files", serde_json::json!({"environments/a.ics": {"hex": "zz"}})),
            ("later", serde_json::json!(1)),
        ] {
            let mut record = golden.clone();
            record[key] = damaged;
            store.put_record(&"dev".into(), KIND, Some(&record)).unwrap();
            assert!(matches!(here.load().unwrap()["dev"], Found::Unreadable { .. }), "{key}");
        }
    }
}
