//! Names that tidegate gives to what it creates once: the same input, the same name.

use sha2::{Digest as _, Sha256};

use crate::plan::facts::NAME_PREFIX;

/// At most 64 characters, as `clientToken` and `startedBy` allow: the prefix and 32 hexadecimal digits.
pub(super) fn token(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    let hex: String = hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("{NAME_PREFIX}{hex}")
}
