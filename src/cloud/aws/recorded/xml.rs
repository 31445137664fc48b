//! An answer of RDS from its parsed members, as it was on the wire.

use serde_json::Value;

/// What an item of a list is called; RDS names each, where other query protocols say `member`.
const ITEMS: &[(&str, &str)] = &[
    ("DBInstances", "DBInstance"),
    ("DBClusters", "DBCluster"),
    ("DBSnapshots", "DBSnapshot"),
    ("DBClusterSnapshots", "DBClusterSnapshot"),
    ("TagList", "Tag"),
    ("DBClusterMembers", "DBClusterMember"),
    ("ReadReplicaDBInstanceIdentifiers", "ReadReplicaDBInstanceIdentifier"),
    ("ReadReplicaIdentifiers", "ReadReplicaIdentifier"),
];

/// `<OperationResponse><OperationResult>…`
pub(super) fn answer(operation: &str, members: &Value) -> String {
    let mut text = format!("<{operation}Response><{operation}Result>");
    members_of(members, &mut text);
    text.push_str(&format!("</{operation}Result></{operation}Response>"));
    text
}

fn members_of(value: &Value, text: &mut String) {
    let Some(members) = value.as_object() else { return };
    // Some authors have emptied the times of their recordings.
    let is_empty =
        |value: &Value| value.is_null() || value.as_object().is_some_and(serde_json::Map::is_empty);
    for (name, value) in
        members.iter().filter(|(name, value)| *name != "ResponseMetadata" && !is_empty(value))
    {
        text.push_str(&format!("<{name}>"));
        match value {
            Value::Array(items) => {
                let item = ITEMS.iter().find(|(list, _)| list == name).map_or("member", |(_, item)| item);
                for value in items {
                    text.push_str(&format!("<{item}>"));
                    one(value, text);
                    text.push_str(&format!("</{item}>"));
                }
            }
            value => one(value, text),
        }
        text.push_str(&format!("</{name}>"));
    }
}

fn one(value: &Value, text: &mut String) {
    match value {
        Value::Object(_) => members_of(value, text),
        Value::String(content) => {
            text.push_str(&content.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"));
        }
        Value::Array(_) | Value::Null => {}
        number_or_bool => text.push_str(&number_or_bool.to_string()),
    }
}
