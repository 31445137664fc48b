//! `sites:` and `checks:`.

use std::collections::BTreeMap;
use std::time::Duration;

use super::findings::Findings;
use super::limits;
use super::names;
use super::versions::Versions;
use crate::model::SiteName;
use crate::spec::decode::{Leaf, Table};
use crate::spec::diagnostic::Code;
use crate::spec::raw::{RawCheck, RawSite, TemplateText};
use crate::spec::{Check, SiteSpec, Template};

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
        let Some(RawSite { source, bucket, distribution }) = leaf.get() else { continue };
        let source = f.required(leaf.at, "source", source).and_then(|leaf| source_prefix(f, leaf, versions));
        let bucket = f.required(leaf.at, "bucket", bucket).map(|leaf| f.name(leaf, &names::BUCKET));
        let distribution = distribution.as_ref().map(|leaf| f.name(leaf, &names::DISTRIBUTION));
        if let (Some(source), Some(bucket)) = (source, bucket) {
            sites.insert(SiteName::new(name), SiteSpec { source, bucket, distribution });
        }
    }
    sites
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
