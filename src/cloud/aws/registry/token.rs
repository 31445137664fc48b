//! The header with which a registry asks for a token. Pure.
//! <https://distribution.github.io/distribution/spec/auth/token/>

use url::Url;

/// Where to get a token, and for which repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Challenge {
    realm: String,
    service: Option<String>,
    scope: Option<String>,
}

impl Challenge {
    /// Reads `Bearer realm="…",service="…",scope="…"`; anonymous readers cannot use other schemes.
    pub(super) fn parse(header: &str) -> Option<Self> {
        let (scheme, mut rest) = header.trim().split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let (mut realm, mut service, mut scope) = (None, None, None);
        while let Some((name, after)) = rest.split_once('=') {
            let (value, next) = match after.trim_start().strip_prefix('"') {
                Some(quoted) => quoted.split_once('"')?,
                None => after.split_once(',').unwrap_or((after, "")),
            };
            let place = match name.trim_matches([' ', ',']).to_ascii_lowercase().as_str() {
                "realm" => Some(&mut realm),
                "service" => Some(&mut service),
                "scope" => Some(&mut scope),
                _ => None,
            };
            if let Some(place) = place {
                *place = Some(value.to_owned());
            }
            rest = next;
        }
        Some(Self { realm: realm?, service, scope })
    }

    /// The URL that returns the token. A token is only sent encrypted, unless the registry is on this machine.
    pub(super) fn url(&self, is_local: bool) -> Option<Url> {
        let mut url = Url::parse(&self.realm).ok()?;
        let is_safe = url.scheme() == "https" || (url.scheme() == "http" && is_local);
        if !is_safe || url.host_str().is_none() || !url.username().is_empty() {
            return None;
        }
        for (name, value) in [("service", &self.service), ("scope", &self.scope)] {
            if let Some(value) = value {
                url.query_pairs_mut().append_pair(name, value);
            }
        }
        Some(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_says_where_to_ask_and_for_what() {
        let hub = r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/redis:pull""#;
        let url = Challenge::parse(hub).unwrap().url(false).unwrap();
        assert_eq!(
            url.as_str(),
            "https://auth.docker.io/token?service=registry.docker.io&scope=repository%3Alibrary%2Fredis%3Apull"
        );
        let bare = Challenge::parse("bearer error=x, realm=https://r.example/t , scope=\"a b\"").unwrap();
        assert_eq!(bare.scope.as_deref(), Some("a b"));
        assert_eq!(bare.realm.trim(), "https://r.example/t");
    }

    #[test]
    fn strangers_are_not_asked_in_the_open() {
        assert_eq!(Challenge::parse("Basic realm=\"registry\""), None);
        assert_eq!(Challenge::parse("Bearer service=\"x\""), None);
        for (realm, is_local, good) in [
            ("https://auth.example/token", false, true),
            ("http://auth.example/token", false, false),
            ("http://127.0.0.1:5000/token", true, true),
            ("https://user@auth.example/token", false, false),
            ("file:///etc/passwd", true, false),
        ] {
            let challenge = Challenge { realm: realm.to_owned(), service: None, scope: None };
            assert_eq!(challenge.url(is_local).is_some(), good, "{realm}");
        }
    }
}
