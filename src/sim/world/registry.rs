//! Container registries: tags, digests, and the image behind a digest.
//!
//! Repositories that the declarations name have every version tag on demand, so that a person can try any version; a
//! version that contains `missing` was never pushed. Tags that fit no template do not exist.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::World;
use crate::cloud::ImageLookup;
use crate::model::{Digest, ImageRef, Version};
use crate::spec::Template;

/// Tags that are suggested when an image is missing.
const NEWEST_SHOWN: usize = 5;

/// All registries of the world.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Registry {
    /// By registry and repository.
    pub repositories: BTreeMap<String, Repository>,
    /// Prefixes of repositories whose API refuses access. Pulling works all the same.
    pub unverified: BTreeSet<String>,
}

/// One repository.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Repository {
    /// Which tags exist on demand.
    pub patterns: BTreeSet<Pattern>,
    /// The digest that each tag points at now.
    pub tags: BTreeMap<String, Pushed>,
    /// The image behind each digest: the tag under which it was pushed first.
    pub contents: BTreeMap<Digest, String>,
    /// Deleted tags: they do not come back on demand.
    pub deleted: BTreeSet<String>,
}

/// A tag's present meaning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pushed {
    /// The digest that it points at.
    pub digest: Digest,
    /// Later pushes have higher numbers.
    pub order: u64,
}

/// An image template with one hole, read backwards.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Pattern {
    /// Registry and repository.
    pub repository: String,
    /// The tag before the version.
    pub before: String,
    /// The tag after it.
    pub after: String,
}

impl Pattern {
    /// `None` unless there is exactly one placeholder, in the tag.
    pub fn of(template: &Template) -> Option<Self> {
        let image = ImageRef::new(template.as_str());
        let (before, rest) = image.tag()?.split_once('{')?;
        let (_, after) = rest.split_once('}')?;
        let plain = |text: &str| !text.contains(['{', '}']);
        (plain(after) && plain(image.repository())).then(|| Self {
            repository: image.repository().to_owned(),
            before: before.to_owned(),
            after: after.to_owned(),
        })
    }

    fn version_in(&self, tag: &str) -> Option<Version> {
        let version = tag.strip_prefix(self.before.as_str())?.strip_suffix(self.after.as_str())?;
        (!version.is_empty()).then(|| Version::new(version))
    }

    /// The version that this image is of.
    pub fn version(&self, image: &ImageRef) -> Option<Version> {
        if image.repository() == self.repository { self.version_in(image.tag()?) } else { None }
    }
}

impl Registry {
    /// Every version of this template exists from now on.
    pub fn offer(&mut self, pattern: Pattern) {
        let repository = self.repositories.entry(pattern.repository.clone()).or_default();
        repository.patterns.insert(pattern);
    }

    /// Pushes an image; a tag that existed moves.
    pub fn push(&mut self, image: &ImageRef, order: u64) -> Digest {
        let tag = image.tag().unwrap_or("latest").to_owned();
        let digest = digest_of(&format!("{}:{tag}#{order}", image.repository()));
        let repository = self.repositories.entry(image.repository().to_owned()).or_default();
        repository.deleted.remove(&tag);
        repository.contents.insert(digest.clone(), tag.clone());
        repository.tags.insert(tag, Pushed { digest: digest.clone(), order });
        digest
    }

    /// Points `tag` at the digest of `source`, like a copy to `core-latest`.
    pub fn copy_tag(&mut self, repository: &str, source: &str, tag: &str, order: u64) {
        let image = ImageRef::new(format!("{repository}:{source}"));
        let Ok(digest) = self.resolve(&image, order) else { return };
        let repository = self.repositories.entry(repository.to_owned()).or_default();
        repository.tags.insert(tag.to_owned(), Pushed { digest, order });
    }

    /// Deletes a tag and, as lifecycle rules do with untagged images, the digest that no other tag holds.
    pub fn delete_tag(&mut self, repository: &str, tag: &str) {
        let Some(repository) = self.repositories.get_mut(repository) else { return };
        repository.deleted.insert(tag.to_owned());
        let Some(pushed) = repository.tags.remove(tag) else { return };
        if repository.tags.values().all(|other| other.digest != pushed.digest) {
            repository.contents.remove(&pushed.digest);
        }
    }

    /// The digest, or the newest similar tags.
    fn resolve(&mut self, image: &ImageRef, order: u64) -> Result<Digest, Vec<String>> {
        let tag = image.tag().unwrap_or("latest");
        let Some(repository) = self.repositories.get_mut(image.repository()) else { return Err(Vec::new()) };
        if let Some(digest) = image.digest() {
            let known = repository.contents.contains_key(&digest);
            return if known { Ok(digest) } else { Err(repository.like(tag)) };
        }
        if let Some(pushed) = repository.tags.get(tag) {
            return Ok(pushed.digest.clone());
        }
        let offered = repository.patterns.iter().any(|pattern| pattern.version_in(tag).is_some());
        if !offered || tag.contains("missing") || repository.deleted.contains(tag) {
            return Err(repository.like(tag));
        }
        Ok(self.push(image, order))
    }

    /// The image under which this one's content was pushed first; itself where that is unknown.
    pub fn meaning(&self, image: &ImageRef) -> ImageRef {
        let tag = image.tag().unwrap_or("latest");
        let repository = self.repositories.get(image.repository());
        let digest = image.digest().or_else(|| Some(repository?.tags.get(tag)?.digest.clone()));
        let first = digest.and_then(|digest| repository?.contents.get(&digest).cloned());
        ImageRef::new(format!("{}:{}", image.repository(), first.as_deref().unwrap_or(tag)))
    }

    /// Tags that point at this digest, the newest first.
    pub fn tags_of(&self, repository: &str, digest: &Digest) -> Vec<String> {
        let Some(repository) = self.repositories.get(repository) else { return Vec::new() };
        let mut found: Vec<(&Pushed, &String)> =
            repository.tags.iter().filter(|(_, p)| p.digest == *digest).map(|(tag, p)| (p, tag)).collect();
        found.sort_by_key(|(pushed, _)| std::cmp::Reverse(pushed.order));
        found.into_iter().map(|(_, tag)| tag.clone()).collect()
    }
}

impl Repository {
    /// The newest tags, those that begin like `tag` before all others.
    fn like(&self, tag: &str) -> Vec<String> {
        let kind = |tag: &str| tag.split('-').next().map(str::to_owned);
        let mut tags: Vec<(&String, &Pushed)> = self.tags.iter().collect();
        tags.sort_by_key(|(other, pushed)| (kind(other) != kind(tag), std::cmp::Reverse(pushed.order)));
        tags.into_iter().take(NEWEST_SHOWN).map(|(tag, _)| tag.clone()).collect()
    }
}

impl World {
    /// The answer of the registry's API about an image.
    pub(in crate::sim) fn look_up(&mut self, image: &ImageRef) -> ImageLookup {
        let hidden = self.registry.unverified.iter().find(|prefix| image.repository().starts_with(*prefix));
        if let Some(prefix) = hidden {
            return ImageLookup::Unverified(format!("{prefix} answered 401: no access"));
        }
        let order = self.ticket();
        self.registry.resolve(image, order).map_or_else(ImageLookup::Missing, ImageLookup::Found)
    }

    /// The image that Fargate pulls, or its reason for not starting the task.
    /// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html>
    pub(in crate::sim) fn pull(&mut self, image: &ImageRef) -> Result<Digest, String> {
        let order = self.ticket();
        self.registry.resolve(image, order).map_err(|_| {
            format!("CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref {image}: {image}: not found")
        })
    }
}

fn digest_of(text: &str) -> Digest {
    let mut hex = "sha256:".to_owned();
    for byte in Sha256::digest(text.as_bytes()) {
        write!(hex, "{byte:02x}").expect("writing to a String cannot fail");
    }
    Digest::new(hex)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registry() -> Registry {
        let mut registry = Registry::default();
        registry.offer(Pattern::of(&Template::parse("reg.io/graasp:core-{core}").unwrap()).unwrap());
        registry.push(&ImageRef::new("reg.io/graasp:core-v1"), 1);
        registry
    }

    #[test]
    fn any_version_exists_unless_it_says_it_is_missing() {
        let mut registry = registry();
        for (tag, exists) in
            [("core-v1", true), ("core-v9.9.9", true), ("cor-v1", false), ("core-v2-missing", false)]
        {
            let image = ImageRef::new(format!("reg.io/graasp:{tag}"));
            assert_eq!(registry.resolve(&image, 2).is_ok(), exists, "{tag}");
        }
        let absent = registry.resolve(&ImageRef::new("reg.io/graasp:core-v2-missing"), 3);
        assert_eq!(absent, Err(vec!["core-v9.9.9".to_owned(), "core-v1".to_owned()]), "newest first");
        assert_eq!(registry.resolve(&ImageRef::new("reg.io/other:v1"), 4), Err(Vec::new()));
    }

    #[test]
    fn a_moving_tag_means_the_version_that_it_was_copied_from() {
        let mut registry = registry();
        registry.copy_tag("reg.io/graasp", "core-v1", "core-latest", 2);
        let latest = ImageRef::new("reg.io/graasp:core-latest");
        let digest = registry.resolve(&latest, 3).unwrap();
        assert_eq!(registry.meaning(&latest).as_str(), "reg.io/graasp:core-v1");
        assert_eq!(registry.meaning(&latest.pinned(&digest)).as_str(), "reg.io/graasp:core-v1");
        assert_eq!(registry.tags_of("reg.io/graasp", &digest), ["core-latest", "core-v1"]);
    }

    #[test]
    fn a_deleted_image_cannot_be_pulled_by_digest_either() {
        let mut registry = registry();
        let image = ImageRef::new("reg.io/graasp:core-v1");
        let digest = registry.resolve(&image, 2).unwrap();
        registry.delete_tag("reg.io/graasp", "core-v1");
        assert!(registry.resolve(&image, 3).is_err());
        assert!(registry.resolve(&image.pinned(&digest), 3).is_err());
    }
}
