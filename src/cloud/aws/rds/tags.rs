//! Tags of databases and of snapshots. Pure.

use std::collections::BTreeMap;

use aws_sdk_rds::types::Tag;

pub(super) fn read(tags: &[Tag]) -> BTreeMap<String, String> {
    let pairs = tags.iter().filter_map(|tag| Some((tag.key()?, tag.value().unwrap_or_default())));
    pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}
