//! Which paths the edges should forget. Pure.

use std::collections::BTreeSet;

/// More paths than this are one wildcard: the first thousand paths a month are free, and a wildcard counts
/// as one. <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/PayingForInvalidation.html>
const PATHS_MAX: usize = 15;

/// Paths of these keys; an index page is also what its folder answers.
pub(super) fn paths<'k>(keys: impl IntoIterator<Item = &'k String>) -> Vec<String> {
    let mut paths = BTreeSet::new();
    for key in keys {
        if let Some(folder) = key.strip_suffix("index.html") {
            paths.insert(format!("/{folder}"));
        }
        paths.insert(format!("/{}", encoded(key)));
    }
    if paths.len() > PATHS_MAX { vec!["/*".to_owned()] } else { paths.into_iter().collect() }
}

/// A path is compared as it was requested: percent-encoded. An asterisk in a key would be a wildcard.
fn encoded(key: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~/!$&'()+,;=:@".contains(&byte);
    key.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_page_is_forgotten_under_both_of_its_names_and_many_paths_become_one() {
        let keys = |keys: &[&str]| paths(&keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>());
        assert_eq!(keys(&["index.html", "a b*.js"]), ["/", "/a%20b%2A.js", "/index.html"]);
        assert_eq!(keys(&["fr/index.html"]), ["/fr/", "/fr/index.html"]);
        let many: Vec<String> = (0..16).map(|number| format!("{number}.js")).collect();
        assert_eq!(paths(&many), ["/*"]);
        assert_eq!(paths(&many[..15]).len(), 15);
    }
}
