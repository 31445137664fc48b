//! Which paths the edges should forget. Pure.
//!
//! CloudFront compares a path with the address as the browser sent it, and refuses a path that is not encoded, or holds a
//! `~` in any form. So a key is named exactly where every browser sends the same characters for it, and where CloudFront
//! accepts them. Any other key is covered by a wildcard that ends before the first other character.
//! <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-specifying-objects.html>

use std::collections::BTreeSet;

/// More paths than this are one wildcard: the first thousand paths a month are free, and a wildcard counts
/// as one. <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/PayingForInvalidation.html>
const PATHS_MAX: usize = 15;
/// A distribution has fifteen wildcards in progress at most, and thirty sites may share it.
/// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/InvalidationLimits.html>
const WILDCARDS_MAX: usize = 3;
/// Paths without wildcards in one request. The distribution's limit is 3,000 in progress.
const GROUPED_MAX: usize = 1000;
/// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-specifying-objects.html>
const LENGTH_MAX: usize = 4000;

/// What covers these keys below `prefix`, where the origin shows the keys below `base` without it. The page of a folder
/// is also what its folder answers, with the last slash and without it.
pub(super) fn paths<'k>(
    base: &str,
    prefix: &str,
    keys: impl IntoIterator<Item = &'k String>,
) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    for key in keys {
        let key = format!("{prefix}{key}");
        let Some(key) = key.strip_prefix(base) else { continue };
        let folder =
            key.strip_suffix("index.html").filter(|folder| folder.is_empty() || folder.ends_with('/'));
        if let Some(folder) = folder {
            paths.insert(path(folder));
            paths.insert(path(folder.trim_end_matches('/')));
        }
        paths.insert(path(key));
    }
    let paths = without_covered(&paths);
    let is_much = paths.len() > PATHS_MAX || wildcards(&paths).count() > WILDCARDS_MAX;
    if is_much { everything(base, prefix) } else { paths }
}

/// What covers the whole site, if the origin shows anything of it.
pub(super) fn everything(base: &str, prefix: &str) -> BTreeSet<String> {
    let shown = match prefix.strip_prefix(base) {
        Some(below) => below,
        None if base.starts_with(prefix) => "",
        None => return BTreeSet::new(),
    };
    let path = path(shown);
    BTreeSet::from([if path.ends_with('*') { path } else { format!("{path}*") }])
}

/// Whether one of these covers a path.
pub(super) fn is_covered(path: &str, paths: &BTreeSet<String>) -> bool {
    paths.contains(path) || wildcards(paths).any(|wildcard| path.starts_with(wildcard.trim_end_matches('*')))
}

/// The same paths for another try, with one wildcard at most: CloudFront had no room for them, or several sites that
/// share the distribution ask together.
pub(super) fn grouped(paths: &BTreeSet<String>) -> BTreeSet<String> {
    let is_much = paths.len() - wildcards(paths).count() > GROUPED_MAX;
    let together: Vec<&str> = match is_much {
        true => paths.iter().map(String::as_str).collect(),
        false => wildcards(paths).collect(),
    };
    if together.len() < 2 {
        return paths.clone();
    }
    let wildcard = format!("{}*", common_folder(&together));
    without_covered(&paths.iter().cloned().chain([wildcard]).collect())
}

fn wildcards(paths: &BTreeSet<String>) -> impl Iterator<Item = &str> {
    paths.iter().map(String::as_str).filter(|path| path.ends_with('*'))
}

/// Without the paths that a wildcard among them covers.
fn without_covered(paths: &BTreeSet<String>) -> BTreeSet<String> {
    let covers = |wildcard: &str, path: &str| {
        wildcard != path && path.starts_with(wildcard.strip_suffix('*').unwrap_or(wildcard))
    };
    let is_covered = |path: &str| wildcards(paths).any(|wildcard| covers(wildcard, path));
    paths.iter().filter(|path| !is_covered(path)).cloned().collect()
}

/// The longest path up to a slash with which all of these begin.
fn common_folder<'p>(paths: &[&'p str]) -> &'p str {
    let first = paths.first().copied().unwrap_or("/");
    let shared = |path: &&str| {
        let pairs = first.bytes().zip(path.bytes());
        pairs.take_while(|(one, other)| one == other).count()
    };
    let length = paths.iter().map(shared).min().unwrap_or(1);
    let end = first[..length].rfind('/').map_or(1, |slash| slash + 1);
    &first[..end]
}

/// The path of a key: exact, or a wildcard that ends before the first character that cannot be named.
fn path(key: &str) -> String {
    let mut path = "/".to_owned();
    let segments = key.split('/').collect::<Vec<_>>();
    for (index, segment) in segments.iter().enumerate() {
        // Browsers resolve `.` and `..`; what lies behind two slashes depends on who joins them.
        let is_odd = [".", ".."].contains(segment) || (segment.is_empty() && index + 1 < segments.len());
        if is_odd {
            return format!("{path}*");
        }
        for character in segment.chars() {
            let Some(encoded) = encoded(character) else { return format!("{path}*") };
            if path.len() + encoded.len() >= LENGTH_MAX {
                return format!("{path}*");
            }
            path.push_str(&encoded);
        }
        if index + 1 < segments.len() {
            path.push('/');
        }
    }
    path
}

/// How each browser sends this character; `None` = that depends, or CloudFront does not take it.
///
/// Letters, digits, `-`, `_` and `.` go as they are; blanks, `"`, `#`, `%`, `<`, `>`, `` ` ``, `{`, `}` and everything
/// beyond ASCII are always encoded (<https://url.spec.whatwg.org/#path-percent-encode-set>), as CloudFront wants them.
/// Whether `+`, `@`, `(`, `[`, `|` and the like arrive encoded depends on who wrote the link.
fn encoded(character: char) -> Option<String> {
    match character {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' | '.' => Some(character.to_string()),
        ' ' | '"' | '#' | '%' | '<' | '>' | '`' | '{' | '}' => Some(percent(character)),
        _ if !character.is_ascii() && !character.is_control() => Some(percent(character)),
        _ => None,
    }
}

fn percent(character: char) -> String {
    let mut bytes = [0; 4];
    character.encode_utf8(&mut bytes).bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[cfg(test)]
mod tests;
