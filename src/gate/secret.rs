//! A bypass secret that can be used.

use secrecy::{ExposeSecret, SecretString};

/// Characters of a bypass secret. Below 20 it can be guessed; above 128 a rule's condition refuses it.
/// <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html>
const SECRET_LENGTH: std::ops::RangeInclusive<usize> = 20..=128;

/// Whether the secret can be used in a rule: `[A-Za-z0-9_-]{20,128}`. `*` and `?` would be wildcards there.
///
/// # Errors
/// The reason why it cannot, without any part of the secret.
pub fn check_secret(secret: &SecretString) -> Result<(), String> {
    let text = secret.expose_secret();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if !SECRET_LENGTH.contains(&text.len()) {
        return Err(format!("it has {} characters, but must have 20 to 128", text.len()));
    }
    if !text.bytes().all(is_plain) {
        return Err("it may only have letters, digits, `_` and `-`".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_long_plain_secret_is_usable_and_no_message_shows_it() {
        for (text, good) in [
            ("a".repeat(20), true),
            ("A-b_9".repeat(25), true),
            ("a".repeat(19), false),
            ("a".repeat(129), false),
            (format!("{}*", "a".repeat(30)), false),
            (format!("{}\n", "a".repeat(30)), false),
        ] {
            let checked = check_secret(&SecretString::from(text.clone()));
            assert_eq!(checked.is_ok(), good, "{text}");
            assert!(checked.err().is_none_or(|why| !why.contains("aaa")));
        }
    }
}
