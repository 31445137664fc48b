//! Which names may become names of files. Checked here once, whatever the names' owners allow.

use super::error::StoreError;

/// Well below what file systems allow, with room for an ending.
const NAME_BYTES_MAX: usize = 100;

/// Refuses names that could leave their folder, hide, or collide with the store's own endings.
pub(super) fn checked<'a>(what: &'static str, name: &'a str) -> Result<&'a str, StoreError> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let is_good = name.len() <= NAME_BYTES_MAX
        && name.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric())
        && name.bytes().all(is_plain);
    if is_good { Ok(name) } else { Err(StoreError::Name { name: name.to_owned(), what }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_their_folder() {
        for (name, good) in [
            ("production", true),
            ("graasp-dev_2.eu", true),
            ("7", true),
            ("", false),
            (".", false),
            ("..", false),
            (".hidden", false),
            ("-flag", false),
            ("a/b", false),
            ("a\\b", false),
            ("a\0b", false),
            ("prod env", false),
            ("prodüktion", false),
        ] {
            assert_eq!(checked("an environment", name).is_ok(), good, "{name:?}");
        }
        assert!(checked("a run", &"a".repeat(100)).is_ok());
        assert!(checked("a run", &"a".repeat(101)).is_err());
    }
}
