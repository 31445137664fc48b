//! Tags of resources and identifiers of snapshots: what AWS allows in them.

use std::collections::BTreeMap;

use super::{Refusal, refuse};
use crate::cloud::Kind;

/// Tags of one resource; those of AWS itself do not count.
/// <https://docs.aws.amazon.com/general/latest/gr/aws_tagging.html>
pub(super) const TAGS_MAX: usize = 50;

/// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_Tag.html>
pub(super) fn check_tag(key: &str, value: &str) -> Result<(), Refusal> {
    let allowed = |c: char| c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c);
    let fits = !key.is_empty()
        && key.chars().count() <= 128
        && value.chars().count() <= 256
        && key.chars().chain(value.chars()).all(allowed);
    if fits { Ok(()) } else { refuse(Kind::Invalid, format!("InvalidParameterValue: tag {key}={value}")) }
}

pub(super) fn set_tag(tags: &mut BTreeMap<String, String>, key: &str, value: Option<&str>) {
    match value {
        Some(value) => tags.insert(key.to_owned(), value.to_owned()),
        None => tags.remove(key),
    };
}

/// Letters, digits and hyphens, a letter first, no hyphen last, no two in a row.
/// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBSnapshot.html>
pub(super) fn check_identifier(identifier: &str) -> Result<(), Refusal> {
    let fits = identifier.starts_with(|c: char| c.is_ascii_alphabetic())
        && identifier.len() <= 255
        && identifier.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        && !identifier.contains("--")
        && !identifier.ends_with('-');
    if fits {
        return Ok(());
    }
    refuse(Kind::Invalid, format!("InvalidParameterValue: {identifier} is not a snapshot identifier"))
}
