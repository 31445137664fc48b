//! S3 buckets: releases of static sites, the buckets that serve them, the marker with its condition.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html>

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::super::checker::Promise;
use super::{Actor, Refusal, World, refuse};
use crate::cloud::{Kind, Marker, Object};
use crate::spec::Template;

/// One bucket.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Bucket {
    /// By key.
    pub objects: BTreeMap<String, Stored>,
    /// The marker object and its ETag.
    pub marker: Option<(Marker, String)>,
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
    /// Other keys of its release that a browser asks for because of it.
    pub needs: BTreeSet<String>,
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

    pub(in crate::sim) fn site_marker(&mut self, bucket: &str) -> Result<Option<(Marker, String)>, Refusal> {
        Ok(self.bucket_mut(bucket)?.marker.clone())
    }

    /// `If-Match`, or `If-None-Match: *` when `etag` is `None`.
    pub(in crate::sim) fn put_site_marker(
        &mut self,
        bucket: &str,
        marker: &Marker,
        etag: Option<&str>,
    ) -> Result<(), Refusal> {
        let fresh = format!("\"{:032x}\"", self.ticket());
        let bucket = self.bucket_mut(bucket)?;
        if bucket.marker.as_ref().map(|(_, etag)| etag.as_str()) != etag {
            return refuse(Kind::Conflict, "PreconditionFailed: the marker was changed in the meantime");
        }
        bucket.marker = Some((marker.clone(), fresh));
        Ok(())
    }

    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>
    pub(in crate::sim) fn copy_object(
        &mut self,
        (from_bucket, from): (&str, &str),
        (to_bucket, to): (&str, &str),
    ) -> Result<(), Refusal> {
        let Some(stored) = self.bucket_mut(from_bucket)?.objects.get(from).cloned() else {
            return refuse(Kind::NotFound, format!("NoSuchKey: {from}"));
        };
        let bucket = self.bucket_mut(to_bucket)?;
        let absent = stored.needs.iter().find(|key| !bucket.objects.contains_key(*key)).cloned();
        bucket.objects.insert(to.to_owned(), stored);
        if let Some(absent) = absent {
            let detail = format!("{to_bucket}: {to} asks for {absent}");
            self.broke(Promise::EntryPointsAreWhole, Actor::Tidegate, detail);
        }
        Ok(())
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
            let asking = bucket.objects.iter().find(|(_, stored)| stored.needs.contains(key));
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
        let stored = Stored { etag: format!("\"{key}\""), size: 400, needs: BTreeSet::new() };
        self.objects.insert(key.to_owned(), stored);
        self.foreign.insert(key.to_owned());
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

/// The files that a bundler writes: an entry point, assets named after their content, some of them the same in every
/// release.
pub(in crate::sim) fn release(prefix: &str) -> BTreeMap<String, Stored> {
    let hash = |text: &str| {
        let mut hex = String::new();
        for byte in Sha256::digest(text.as_bytes()).iter().take(16) {
            write!(hex, "{byte:02x}").expect("writing to a String cannot fail");
        }
        hex
    };
    let own = hash(prefix);
    let mut files = BTreeMap::new();
    let mut put = |key: String, content: &str, size: u64, needs: BTreeSet<String>| {
        files.insert(key, Stored { etag: format!("\"{}\"", hash(content)), size, needs });
    };
    let mut assets = BTreeSet::from(["assets/vendor-5f1c8a2e.js".to_owned()]);
    put("assets/vendor-5f1c8a2e.js".to_owned(), "vendor", 812_340, BTreeSet::new());
    for name in ["index.js", "index.css", "player.js", "builder.js"] {
        let (stem, ending) = name.rsplit_once('.').expect("each name has an ending");
        let key = format!("assets/{stem}-{}.{ending}", &own[..8]);
        put(key.clone(), &format!("{prefix}{name}"), 24_000, BTreeSet::new());
        assets.insert(key);
    }
    for name in ["favicon.ico", "robots.txt", "locales/en.json", "locales/fr.json"] {
        put(name.to_owned(), name, 1_200, BTreeSet::new());
    }
    put("index.html".to_owned(), &format!("{prefix}index.html"), 1_900, assets);
    files
}

#[cfg(test)]
mod tests;
