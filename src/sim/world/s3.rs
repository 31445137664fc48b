//! S3 buckets: releases of static sites, the buckets that serve them, the marker with its condition.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html>

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::super::checker::Promise;
use super::{Actor, Refusal, World, refuse};
use crate::cloud::{Kind, Marker, Object, ObjectHead, ObjectHeaders};
use crate::model::Instant;
use crate::spec::Template;

/// One bucket.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Bucket {
    /// By key.
    pub objects: BTreeMap<String, Stored>,
    /// The marker object of a site that is the whole bucket, and its ETag.
    pub marker: Option<(Marker, String)>,
    /// Markers of sites below a prefix.
    #[serde(default)]
    pub markers: BTreeMap<String, (Marker, String)>,
    /// When tidegate replaced a key last: what the edges may still have.
    #[serde(default)]
    pub replaced: BTreeMap<String, Instant>,
    /// Key templates below which every release exists on demand, except `missing` ones.
    pub releases: BTreeSet<String>,
    /// Keys that people uploaded: only people may delete them.
    pub foreign: BTreeSet<String>,
}

/// One object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// Changes with the content.
    pub etag: String,
    /// In bytes.
    pub size: u64,
    /// Other keys of its release that a browser asks for because of it, below the folder of this one.
    pub needs: BTreeSet<String>,
    /// Keys with names that stay, below the folder of this one, and their ETags in the same release.
    #[serde(default)]
    pub beside: BTreeMap<String, String>,
    /// What HeadObject answers.
    #[serde(default)]
    pub head: ObjectHead,
}

impl Stored {
    /// A file with this content, and nothing else to it.
    pub fn new(etag: impl Into<String>, size: u64) -> Self {
        Self {
            etag: etag.into(),
            size,
            needs: BTreeSet::new(),
            beside: BTreeMap::new(),
            head: ObjectHead::default(),
        }
    }
}

impl World {
    fn bucket_mut(&mut self, name: &str) -> Result<&mut Bucket, Refusal> {
        self.buckets.get_mut(name).map_or_else(|| refuse(Kind::NotFound, format!("NoSuchBucket: {name}")), Ok)
    }

    pub(in crate::sim) fn list_objects(
        &mut self,
        bucket: &str,
        prefix: &str,
    ) -> Result<Vec<Object>, Refusal> {
        let bucket = self.bucket_mut(bucket)?;
        bucket.build_on_demand(prefix);
        let below = bucket.objects.range(prefix.to_owned()..).take_while(|(key, _)| key.starts_with(prefix));
        let shown = below.map(|(key, stored)| Object {
            key: key[prefix.len()..].to_owned(),
            etag: stored.etag.clone(),
            size: stored.size,
        });
        Ok(shown.collect())
    }

    pub(in crate::sim) fn object_head(
        &mut self,
        bucket: &str,
        key: &str,
    ) -> Result<Option<ObjectHead>, Refusal> {
        Ok(self.bucket_mut(bucket)?.objects.get(key).map(|stored| stored.head.clone()))
    }

    pub(in crate::sim) fn site_marker(
        &mut self,
        bucket: &str,
        prefix: &str,
    ) -> Result<Option<(Marker, String)>, Refusal> {
        Ok(self.bucket_mut(bucket)?.marker_of(prefix).cloned())
    }

    /// `If-Match`, or `If-None-Match: *` when `etag` is `None`.
    pub(in crate::sim) fn put_site_marker(
        &mut self,
        (name, prefix): (&str, &str),
        marker: &Marker,
        etag: Option<&str>,
    ) -> Result<(), Refusal> {
        let fresh = format!("\"{:032x}\"", self.ticket());
        let bucket = self.bucket_mut(name)?;
        if bucket.marker_of(prefix).map(|(_, etag)| etag.as_str()) != etag {
            return refuse(Kind::Conflict, "PreconditionFailed: the marker was changed in the meantime");
        }
        let stored = (marker.clone(), fresh);
        match prefix {
            "" => bucket.marker = Some(stored),
            prefix => drop(bucket.markers.insert(prefix.to_owned(), stored)),
        }
        self.check_site(name, prefix);
        Ok(())
    }

    /// Files of two releases may stand side by side only while the marker says so: that is what a plan can know.
    fn check_site(&mut self, name: &str, folder: &str) {
        let bucket = &self.buckets[name];
        let is_said = bucket.marker_of(folder).is_some_and(|(marker, _)| marker.switching.is_some());
        let page = format!("{folder}index.html");
        let Some(page) = bucket.objects.get(&page).filter(|_| !is_said) else { return };
        let other = page.beside.iter().find(|(key, etag)| {
            let key = format!("{folder}{key}");
            let there = bucket.objects.get(&key).filter(|_| !bucket.foreign.contains(&key));
            there.is_some_and(|stored| stored.etag != **etag)
        });
        if let Some((key, _)) = other {
            let detail = format!("{name}/{folder}: {key} is not of the release of index.html");
            self.broke(Promise::SitesAreOfOneRelease, Actor::Tidegate, detail);
        }
    }

    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>
    pub(in crate::sim) fn copy_object(
        &mut self,
        (from_bucket, from): (&str, &str),
        (to_bucket, to): (&str, &str),
    ) -> Result<String, Refusal> {
        let now = self.now;
        let Some(stored) = self.bucket_mut(from_bucket)?.objects.get(from).cloned() else {
            return refuse(Kind::NotFound, format!("NoSuchKey: {from}"));
        };
        let bucket = self.bucket_mut(to_bucket)?;
        let folder = folder(to);
        let absent =
            stored.needs.iter().find(|key| !bucket.objects.contains_key(&format!("{folder}{key}"))).cloned();
        let etag = stored.etag.clone();
        let before = bucket.objects.insert(to.to_owned(), stored.clone());
        if before.is_some_and(|before| before != stored) {
            bucket.replaced.insert(to.to_owned(), now);
        }
        if let Some(absent) = absent {
            let detail = format!("{to_bucket}: {to} asks for {absent}");
            self.broke(Promise::EntryPointsAreWhole, Actor::Tidegate, detail);
        }
        for place in self.places(to_bucket, to) {
            self.check_site(to_bucket, &place);
        }
        Ok(etag)
    }

    /// The sites of a bucket that a key may belong to: the whole bucket, or a prefix with a marker.
    fn places(&self, bucket: &str, key: &str) -> Vec<String> {
        let prefixes = self.buckets[bucket].markers.keys().filter(|prefix| key.starts_with(*prefix));
        prefixes.cloned().chain([String::new()]).collect()
    }

    /// Keys that do not exist count as deleted.
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html>
    pub(in crate::sim) fn delete_objects(&mut self, bucket: &str, keys: &[String]) -> Result<(), Refusal> {
        let name = bucket;
        let bucket = self.bucket_mut(name)?;
        let mut broken = Vec::new();
        for key in keys {
            bucket.objects.remove(key);
            if bucket.foreign.remove(key) {
                broken.push((Promise::ForeignFilesStay, format!("{name}: {key}")));
            }
            let asks = |page: &str, stored: &Stored| {
                key.strip_prefix(folder(page)).is_some_and(|key| stored.needs.contains(key))
            };
            let asking = bucket.objects.iter().find(|(page, stored)| asks(page, stored));
            if let Some((asking, _)) = asking {
                broken.push((Promise::EntryPointsAreWhole, format!("{name}: {asking} asks for {key}")));
            }
        }
        for (promise, detail) in broken {
            self.broke(promise, Actor::Tidegate, detail);
        }
        Ok(())
    }
}

impl Bucket {
    /// Releases below this template of `s3://bucket/prefix/` exist on demand.
    pub(in crate::sim) fn offer(&mut self, keys: &str) {
        self.releases.insert(keys.to_owned());
    }

    /// Uploads a file that belongs to no release.
    pub(in crate::sim) fn put_foreign(&mut self, key: &str) {
        self.objects.insert(key.to_owned(), Stored::new(format!("\"{key}\""), 400));
        self.foreign.insert(key.to_owned());
    }

    /// The marker of the site below a prefix.
    pub fn marker_of(&self, prefix: &str) -> Option<&(Marker, String)> {
        if prefix.is_empty() { self.marker.as_ref() } else { self.markers.get(prefix) }
    }

    fn build_on_demand(&mut self, prefix: &str) {
        let offered = self.releases.iter().any(|keys| fits(keys, prefix));
        let exists =
            self.objects.range(prefix.to_owned()..).next().is_some_and(|(key, _)| key.starts_with(prefix));
        if offered && !exists && !prefix.contains("missing") {
            for (key, stored) in release(prefix) {
                self.objects.insert(format!("{prefix}{key}"), stored);
            }
        }
    }
}

/// Splits `s3://bucket/keys` after its bucket.
pub(in crate::sim) fn split(source: &str) -> Option<(&str, &str)> {
    source.strip_prefix("s3://")?.split_once('/')
}

/// Whether `prefix` is `keys` with something in the place of each placeholder.
fn fits(keys: &str, prefix: &str) -> bool {
    let Ok(template) = Template::parse(keys) else { return false };
    let mut rest = prefix;
    let mut pattern = template.as_str();
    while let Some((before, after)) = pattern.split_once('{') {
        let Some(tail) = rest.strip_prefix(before) else { return false };
        pattern = after.split_once('}').map_or("", |(_, after)| after);
        let end = pattern.find('{').map_or(pattern, |next| &pattern[..next]);
        let Some(at) = tail.find(end).filter(|at| *at > 0 && !end.is_empty()) else { return false };
        rest = &tail[at..];
    }
    rest == pattern
}

/// The folder of a key, with its last slash.
fn folder(key: &str) -> &str {
    &key[..key.rfind('/').map_or(0, |slash| slash + 1)]
}

/// The files that a bundler writes: an entry point; assets named after their content, some of them the same in every
/// release; files whose names stay although their content changes; a file that changes only its headers; a page with a
/// name that has to be encoded.
pub(in crate::sim) fn release(prefix: &str) -> BTreeMap<String, Stored> {
    let own = hash(prefix);
    let mut files = BTreeMap::new();
    let mut put = |key: &str, content: &str, size: u64| {
        let stored = Stored::new(format!("\"{}\"", hash(content)), size);
        let etag = stored.etag.clone();
        files.insert(key.to_owned(), stored);
        etag
    };
    let mut assets = BTreeSet::from(["assets/vendor-5f1c8a2e.js".to_owned()]);
    put("assets/vendor-5f1c8a2e.js", "vendor", 812_340);
    for name in ["index.js", "index.css", "player.js", "builder.js"] {
        let (stem, ending) = name.rsplit_once('.').expect("each name has an ending");
        let key = format!("assets/{stem}-{}.{ending}", &own[..8]);
        put(&key, &format!("{prefix}{name}"), 24_000);
        assets.insert(key);
    }
    for name in ["favicon.ico", "robots.txt", "locales/fr.json"] {
        put(name, name, 1_200);
    }
    let mut beside = BTreeMap::new();
    for name in ["style.css", "locales/en.json"] {
        let etag = put(name, &format!("{prefix}{name}"), 1_200);
        beside.insert(name.to_owned(), etag);
    }
    put("aide/été 2026.html", &format!("{prefix}aide"), 1_400);
    put("index.html", &format!("{prefix}index.html"), 1_900);
    let page = files.get_mut("index.html").expect("it was put");
    (page.needs, page.beside) = (assets, beside);
    let robots = files.get_mut("robots.txt").expect("it was put");
    robots.head.headers = ObjectHeaders {
        content_type: Some("text/plain".to_owned()),
        cache_control: Some(format!("max-age={}", u32::from_str_radix(&own[..4], 16).expect("hex"))),
        ..ObjectHeaders::default()
    };
    files
}

fn hash(text: &str) -> String {
    let mut hex = String::new();
    for byte in Sha256::digest(text.as_bytes()).iter().take(16) {
        write!(hex, "{byte:02x}").expect("writing to a String cannot fail");
    }
    hex
}

#[cfg(test)]
mod tests;
