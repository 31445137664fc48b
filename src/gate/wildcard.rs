//! Wildcards of load balancer rules: `*` stands for any characters, also none, and `?` for exactly one.
//!
//! There is no escape character. Hosts are compared without regard to case, paths with regard to it.
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html>

use wildmatch::WildMatch;

/// Whether a host is one of those that a `host-header` condition names.
pub fn matches_host(pattern: &str, host: &str) -> bool {
    WildMatch::new(&pattern.to_ascii_lowercase()).matches(&host.to_ascii_lowercase())
}

/// Whether a path is one of those that a `path-pattern` condition names.
pub fn matches_path(pattern: &str, path: &str) -> bool {
    WildMatch::new(pattern).matches(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_a_load_balancer_reads_them() {
        for (pattern, text, as_host, as_path) in [
            ("shop.example", "shop.example", true, true),
            ("Shop.Example", "shop.example", true, false),
            ("shop.example", "SHOP.example", true, false),
            ("shop.example", "shop.example.org", false, false),
            ("*.shop.example", "a.b.shop.example", true, true),
            ("*.shop.example", "shop.example", false, false),
            ("*", "", true, true),
            ("*", "/any/thing", true, true),
            ("", "", true, true),
            ("", "a", false, false),
            ("?", "", false, false),
            ("?", "ab", false, false),
            ("/api/*", "/api/", true, true),
            ("/api/*", "/api", false, false),
            ("/API/*", "/api/v1", true, false),
            ("/v?/health", "/v1/health", true, true),
            ("/v?/health", "/v12/health", false, false),
            ("/v?/health", "/v/health", false, false),
            ("/*/img/*.pn?", "/a/b/img/c.png", true, true),
            ("/**", "/", true, true),
            ("*a*b", "xaxxab", true, true),
            ("*a*b", "xaxxabc", false, false),
            (r"/a\*", r"/a\b", true, true),
            (r"/a\*", "/a*", false, false),
            ("/a.c", "/abc", false, false),
            ("/[ab]", "/a", false, false),
        ] {
            assert_eq!(matches_host(pattern, text), as_host, "host {pattern} {text}");
            assert_eq!(matches_path(pattern, text), as_path, "path {pattern} {text}");
        }
    }
}
