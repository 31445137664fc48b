use proptest::prelude::*;

use super::*;

fn of(prefix: &str, keys: &[&str]) -> Vec<String> {
    let keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
    paths("", prefix, &keys).into_iter().collect()
}

#[test]
fn an_index_page_is_forgotten_under_all_of_its_names() {
    assert_eq!(of("", &["index.html"]), ["/", "/index.html"]);
    assert_eq!(of("", &["fr/index.html"]), ["/fr", "/fr/", "/fr/index.html"]);
    assert_eq!(of("", &["a b/index.html"]), ["/a%20b", "/a%20b/", "/a%20b/index.html"]);
    assert_eq!(of("app/latest/", &["index.html"]), ["/app/latest", "/app/latest/", "/app/latest/index.html"]);
    assert_eq!(of("", &["old-index.html"]), ["/old-index.html"], "no page of a folder");
}

#[test]
fn what_cannot_be_named_exactly_is_covered_by_a_wildcard() {
    for (key, path) in [
        ("a b.js", "/a%20b.js"),
        ("café.html", "/caf%C3%A9.html"),
        ("100%.html", "/100%25.html"),
        ("a~b.js", "/a*"),
        ("~/index.html", "/*"),
        ("team/~lead.html", "/team/*"),
        ("logo@2x.png", "/logo*"),
        ("a+b.js", "/a*"),
        ("chunks/[id].js", "/chunks/*"),
        ("a*b.js", "/a*"),
        ("what?.html", "/what*"),
        ("a\\b", "/a*"),
        ("a\tb", "/a*"),
        ("a//b", "/a/*"),
        ("/a", "/*"),
        ("a/../b", "/a/*"),
    ] {
        assert_eq!(of("", &[key]), [path], "{key}");
    }
}

#[test]
fn many_paths_become_one_below_the_prefix() {
    let many: Vec<String> = (0..16).map(|number| format!("{number}.js")).collect();
    let few: Vec<&str> = many[..15].iter().map(String::as_str).collect();
    let all: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(of("", &few).len(), 15);
    assert_eq!(of("", &all), ["/*"]);
    assert_eq!(of("app/", &all), ["/app/*"]);
    assert_eq!(of("app/", &["a/~", "b/~", "c/~"]), ["/app/a/*", "/app/b/*", "/app/c/*"]);
    assert_eq!(of("app/", &["a/~", "b/~", "c/~", "d/~"]), ["/app/*"], "wildcards are few");
    assert_eq!(everything("", "an ~app/"), BTreeSet::from(["/an%20*".to_owned()]));
}

#[test]
fn an_origin_shows_what_lies_below_its_path() {
    let keys = ["index.html", "a.js"].map(str::to_owned);
    let of = |base: &str, prefix: &str| paths(base, prefix, &keys).into_iter().collect::<Vec<_>>();
    assert_eq!(of("app/", "app/"), ["/", "/a.js", "/index.html"]);
    assert_eq!(of("app/", "app/latest/"), ["/latest", "/latest/", "/latest/a.js", "/latest/index.html"]);
    assert_eq!(of("other/", "app/"), [""; 0]);
    let all = |base: &str, prefix: &str| everything(base, prefix).into_iter().collect::<Vec<_>>();
    assert_eq!(all("app/", "app/latest/"), ["/latest/*"]);
    assert_eq!(all("app/latest/", ""), ["/*"]);
    assert_eq!(all("other/", "app/"), [""; 0]);
}

#[test]
fn what_a_wildcard_covers_is_not_named_again() {
    assert_eq!(of("", &["a~1.js", "a~2.js", "a.js", "b.js"]), ["/a*", "/b.js"]);
}

#[test]
fn another_try_has_one_wildcard() {
    let set = |paths: &[&str]| paths.iter().map(|path| (*path).to_owned()).collect::<BTreeSet<String>>();
    let apps = set(&["/apps/one/*", "/apps/two/*", "/apps/two/x", "/index.html"]);
    assert_eq!(grouped(&apps), set(&["/apps/*", "/index.html"]));
    assert_eq!(grouped(&set(&["/one/*", "/two/*"])), set(&["/*"]));
    assert_eq!(grouped(&set(&["/one/*", "/a"])), set(&["/one/*", "/a"]));
    let many: BTreeSet<String> = (0..1001).map(|number| format!("/app/{number}")).collect();
    assert_eq!(grouped(&many), set(&["/app/*"]));
}

/// Whether CloudFront takes this path, written from its documentation and not from the code above.
fn is_accepted(path: &str) -> bool {
    let bytes = path.as_bytes();
    let hex = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_hexdigit);
    path.starts_with('/')
        && path.len() <= 4000
        && path.bytes().all(|byte| byte.is_ascii_graphic())
        && !path.contains(['"', '<', '>', '\\', '^', '`', '{', '|', '}', '~', '#', '[', ']'])
        && !path.to_uppercase().contains("%7E")
        && path.find('*').is_none_or(|at| at + 1 == path.len())
        && bytes.iter().enumerate().all(|(at, byte)| *byte != b'%' || (hex(at + 1) && hex(at + 2)))
}

/// The edge's comparison: bytes of the requested path, a `*` at the end matches the rest.
fn matches(path: &str, requested: &str) -> bool {
    path == requested || path.strip_suffix('*').is_some_and(|begins| requested.starts_with(begins))
}

/// The ways in which browsers ask for a key: as `new URL(…)` writes it, and as a careful link does.
fn requests(key: &str) -> Vec<String> {
    let url = url::Url::parse("https://site.example/").unwrap();
    // Left as it is, these would end the path or start an escape: whoever links to such a key encodes them.
    let minimal = key
        .replace('%', "%25")
        .replace('?', "%3F")
        .replace('#', "%23")
        .replace('\\', "%5C")
        .replace(' ', "%20");
    let careful = |key: &str| -> String {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte);
        key.bytes()
            .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
            .collect()
    };
    let mut found: Vec<String> = [minimal, careful(key)]
        .iter()
        .filter_map(|written| Some(url.join(&format!("/{written}")).ok()?.path().to_owned()))
        .collect();
    found.push(format!("/{}", careful(key)));
    found
}

fn any_key() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        6 => "[a-z0-9]{1,6}(\\.(js|css|html))?",
        2 => "[ -~]{1,8}".prop_map(|text| text.replace('/', "")),
        2 => "\\PC{1,6}".prop_map(|text| text.replace('/', "")),
        1 => Just("index.html".to_owned()),
    ];
    let keys = prop::collection::vec(part, 1..4).prop_map(|parts| parts.join("/"));
    // A browser resolves these, so a key with them cannot be asked for.
    keys.prop_filter("can be asked for", |key| {
        !key.is_empty() && !key.split('/').any(|part| part.is_empty() || part == "." || part == "..")
    })
}

proptest! {
    #[test]
    fn each_key_is_covered_as_browsers_ask_for_it_by_a_path_that_cloudfront_takes(
        keys in prop::collection::vec(any_key(), 1..12),
        prefix in prop_oneof![Just(String::new()), "[a-f0-9]{4}/latest/", Just("my ~app/é/".to_owned())],
    ) {
        let found = paths("", &prefix, &keys);
        let again = grouped(&found);
        prop_assert!(wildcards(&again).count() <= 1);
        for path in found.iter().chain(&again) {
            prop_assert!(is_accepted(path), "{path}");
        }
        for key in &keys {
            let key = format!("{prefix}{key}");
            let folder = key.strip_suffix("index.html").filter(|it| it.is_empty() || it.ends_with('/'));
            for key in folder.into_iter().chain([key.as_str()]) {
                for requested in requests(key) {
                    for paths in [&found, &again] {
                        let is_covered = paths.iter().any(|path| matches(path, &requested));
                        prop_assert!(is_covered, "{requested} in {paths:?}");
                    }
                }
            }
        }
    }
}
