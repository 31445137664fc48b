//! Answers that real AWS gave, read by this adapter.
//!
//! The recordings are not part of this project; `TIDEGATE_TEST_RECORDINGS` says where they are: `SERVICE/OPERATION/FILE`,
//! each file the body of one answer. JSON protocols are answered as they stand; of RDS, whose answers are XML, the same
//! members are written as XML again.
//!
//! What the simulator believes of AWS and a recording shows is asserted here, on the recording.

mod databases;
mod ecs;
mod services;
mod xml;

use std::path::PathBuf;

use serde_json::Value;

/// One recorded answer.
struct Recording {
    /// `ecs/DescribeServices/NAME-1.json`
    name: String,
    body: Value,
}

/// Every recording of an operation, by name. `None`: there are no recordings on this machine.
fn recordings(operation: &str) -> Option<Vec<Recording>> {
    let Some(root) = std::env::var_os("TIDEGATE_TEST_RECORDINGS").filter(|path| !path.is_empty()) else {
        println!(
            "nothing was read: the recorded answers are not part of this project (TIDEGATE_TEST_RECORDINGS)"
        );
        return None;
    };
    let folder = PathBuf::from(root).join(operation);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut found: Vec<Recording> = entries
        .map(|entry| {
            let path = entry.unwrap().path();
            let file = path.file_name().unwrap().to_string_lossy().into_owned();
            let text = std::fs::read_to_string(&path).unwrap();
            let body = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
            Recording { name: format!("{operation}/{file}"), body }
        })
        .collect();
    found.sort_by(|one, other| one.name.cmp(&other.name));
    assert!(!found.is_empty(), "{} is empty", folder.display());
    Some(found)
}

/// The recording of this name.
fn recording(operation: &str, file: &str) -> Option<Recording> {
    let name = format!("{operation}/{file}.json");
    let found = recordings(operation)?.into_iter().find(|recording| recording.name == name);
    Some(found.unwrap_or_else(|| panic!("there is no recording {name}")))
}

impl Recording {
    /// The items of a list of the answer; none if the answer has no such list.
    fn items(&self, list: &str) -> Vec<&Value> {
        self.body[list].as_array().map(|items| items.iter().collect()).unwrap_or_default()
    }
}

/// `name` of `arn:…:kind/cluster/name`.
fn last(arn: &Value) -> String {
    arn.as_str().unwrap_or_default().rsplit('/').next().unwrap_or_default().to_owned()
}

fn number(value: &Value) -> u32 {
    value.as_u64().and_then(|number| u32::try_from(number).ok()).unwrap_or_default()
}
