//! `sites:` and `checks:`.

use std::collections::BTreeMap;
use std::time::Duration;

use super::findings::Findings;
use super::limits;
use super::names;
use super::versions::Versions;
use crate::model::SiteName;
use crate::spec::decode::{Leaf, OriginId, Table};
use crate::spec::diagnostic::Code;
use crate::spec::raw::{RawCheck, RawSite, TemplateText};
use crate::spec::{Check, SiteSpec, Template};

/// A key has 1,024 bytes, and the names of files need room, too.
const PREFIX_MAX: usize = 512;
/// How long a platform that has just started may need until it answers.
const WITHIN: Duration = Duration::from_secs(5 * 60);

pub(super) fn sites(
    f: &mut Findings<'_>,
    raw: &Option<Leaf<Table<RawSite>>>,
    versions: &mut Versions,
) -> BTreeMap<SiteName, SiteSpec> {
    let mut sites = BTreeMap::new();
    for (name, leaf) in raw.iter().filter_map(Leaf::get).flat_map(|table| &table.0) {
        f.key_name(leaf.at, name, &names::KEY);
        let Some(RawSite { source, bucket, prefix, distribution }) = leaf.get() else { continue };
        let source = f.required(leaf.at, "source", source).and_then(|leaf| source_prefix(f, leaf, versions));
        let bucket = f.required(leaf.at, "bucket", bucket).map(|leaf| f.name(leaf, &names::BUCKET));
        let prefix = prefix.as_ref().map(|leaf| site_prefix(f, leaf)).unwrap_or_default();
        let distribution = distribution.as_ref().map(|leaf| f.name(leaf, &names::DISTRIBUTION));
        if let (Some(source), Some(bucket)) = (source, bucket) {
            not_from_itself(f, leaf.at, source.as_str(), &bucket, &prefix);
            sites.insert(SiteName::new(name), SiteSpec { source, bucket, prefix, distribution });
        }
    }
    sites
}

/// `8a3f/latest/`. A missing last slash is added. A prefix does not follow a version: the marker, and the files that are
/// deleted later, need one place.
fn site_prefix(f: &mut Findings<'_>, leaf: &Leaf<String>) -> String {
    let Some(text) = leaf.get() else { return String::new() };
    let problem = prefix_problem(text);
    if let Some((what, hint)) = problem {
        let message = format!("`{text}` is no prefix for a site: {what}");
        f.error(leaf.at, Code::BadPrefix, message).hint = Some(hint.to_owned());
        return String::new();
    }
    with_slash(text)
}

/// What is wrong with a prefix, and what to write instead.
fn prefix_problem(text: &str) -> Option<(&'static str, &'static str)> {
    let parts: Vec<&str> = text.strip_suffix('/').unwrap_or(text).split('/').collect();
    match text {
        "" | "/" => Some(("it is empty", "leave `prefix` out if the site is the whole bucket")),
        _ if text.starts_with('/') => Some(("keys do not begin with a slash", "write `folder/`")),
        _ if text.contains(['{', '}']) => {
            Some(("it must be the same for every version", "only `source` follows a version"))
        }
        _ if parts.contains(&"") => Some(("it has an empty part", "write `folder/folder/`")),
        _ if parts.contains(&".") || parts.contains(&"..") => {
            Some(("browsers resolve `.` and `..`", "write the folder itself"))
        }
        _ if text.len() > PREFIX_MAX => Some(("it is too long", "a key has 1,024 bytes in all")),
        _ if text.contains(['*', '?', '\\']) || text.chars().any(char::is_control) => Some((
            "it has a character that means something else in policies or addresses",
            "rename the folder without `*`, `?`, `\\` and control characters",
        )),
        _ => None,
    }
}

pub(super) fn is_prefix(text: &str) -> bool {
    prefix_problem(text).is_none()
}

pub(super) fn with_slash(prefix: &str) -> String {
    if prefix.is_empty() || prefix.ends_with('/') { prefix.to_owned() } else { format!("{prefix}/") }
}

/// A site that is filled from below itself would serve its releases, and report them as files of no release.
fn not_from_itself(f: &mut Findings<'_>, at: OriginId, source: &str, bucket: &str, prefix: &str) {
    let Some((from, keys)) = source.strip_prefix("s3://").and_then(|rest| rest.split_once('/')) else {
        return;
    };
    if from == bucket && (keys.starts_with(prefix) || prefix.starts_with(keys)) {
        let message = format!("the site is filled from `{source}`, which lies in its own place");
        let hint = "keep releases in another bucket, or give the site a `prefix` beside them";
        f.error(at, Code::BadSource, message).hint = Some(hint.to_owned());
    }
}

/// `s3://bucket/prefix/`. A missing last slash is added, because `v1.1` is a prefix of `v1.10`.
fn source_prefix(
    f: &mut Findings<'_>,
    leaf: &Leaf<TemplateText>,
    versions: &mut Versions,
) -> Option<Template> {
    let template = f.template(leaf, versions)?;
    let text = template.as_str();
    let hint = "write `s3://bucket/prefix/{name}/`".to_owned();
    let Some((bucket, prefix)) = text.strip_prefix("s3://").and_then(|rest| rest.split_once('/')) else {
        let message = "the source of a site must be a bucket and a prefix";
        f.error(leaf.at, Code::BadSource, message).hint = Some(hint);
        return None;
    };
    if bucket.is_empty() || prefix.trim_matches('/').is_empty() || prefix.contains("//") {
        let message = "the source of a site must have a bucket and a prefix without empty parts";
        f.error(leaf.at, Code::BadSource, message).hint = Some(hint);
        return None;
    }
    if text.ends_with('/') {
        return Some(template);
    }
    Some(Template::parse(&format!("{text}/")).expect("a slash is no brace"))
}

pub(super) fn checks(f: &mut Findings<'_>, raw: &Option<Leaf<Vec<Leaf<RawCheck>>>>) -> Vec<Check> {
    let mut checks = Vec::new();
    for leaf in raw.iter().filter_map(Leaf::get).flatten() {
        let Some(RawCheck { url, status, within }) = leaf.get() else { continue };
        let url_leaf = f.required(leaf.at, "url", url);
        let url = url_leaf.and_then(|leaf| Some((leaf.at, f.url(leaf)?)));
        if let Some((at, url)) = &url
            && url.scheme() != "https"
        {
            let message = "a check must use `https`, because tidegate sends the bypass header with it";
            f.error(*at, Code::CheckNotHttps, message).hint = Some("write `https://…`".to_owned());
        }
        if let Some((at, number)) = status.as_ref().and_then(|leaf| Some((leaf.at, *leaf.get()?)))
            && !(100..=599).contains(&number)
        {
            f.error(at, Code::BadNumber, format!("{number} is not an HTTP status: it must be 100 to 599"));
        }
        let within = f.duration_within(within, WITHIN, &limits::WITHIN);
        checks.extend(url.map(|(_, url)| Check { url, status: f.value_or(status, 200), within }));
    }
    checks
}
