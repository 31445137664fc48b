//! Entries of `versions`: their names, and which images share one.
//!
//! Images of one repository with the same version share an entry, because they are usually released together. The name
//! of an entry is the word before the version in the tag, else the repository, the container or the service.

use std::collections::{BTreeMap, BTreeSet};

use super::image::{Tagged, last_part};
use crate::model::{ContainerName, ServiceName, Version, VersionKey};

/// Words before a version that do not tell what is released.
const EMPTY_WORDS: [&str; 8] = ["v", "version", "release", "rel", "tag", "build", "prod", "production"];
/// Among several words, the one that stands for the whole.
const MAIN_WORDS: [&str; 6] = ["core", "app", "server", "api", "backend", "main"];
/// The limit that `tidegate validate` checks.
const LENGTH_MAX: usize = 64;

/// An image that is released from here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Released {
    pub(super) service: ServiceName,
    pub(super) container: ContainerName,
    pub(super) repository: String,
    pub(super) tagged: Tagged,
}

/// An entry of `versions`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) key: VersionKey,
    pub(super) repository: String,
    pub(super) version: Version,
    /// Services that use it.
    pub(super) services: BTreeSet<ServiceName>,
    /// Words before the version in their tags.
    pub(super) words: BTreeSet<String>,
}

/// Groups images and names the groups, by key.
pub(super) fn entries(released: &[Released]) -> Vec<Entry> {
    let mut groups: BTreeMap<(&str, &Version), Vec<&Released>> = BTreeMap::new();
    for image in released {
        groups.entry((&image.repository, &image.tagged.version)).or_default().push(image);
    }
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let mut entries = Vec::new();
    for ((repository, version), images) in &groups {
        let siblings: Vec<&Released> = groups
            .iter()
            .filter(|((other, at), _)| other == repository && at != version)
            .flat_map(|(_, images)| images.iter().copied())
            .collect();
        let key = free(candidates(images, &siblings), &taken);
        taken.insert(key.clone());
        entries.push(Entry {
            key: VersionKey::new(key),
            repository: (*repository).to_owned(),
            version: (*version).clone(),
            services: images.iter().map(|image| image.service.clone()).collect(),
            words: words(images),
        });
    }
    entries.sort_by(|one, other| one.key.cmp(&other.key));
    entries
}

fn words(images: &[&Released]) -> BTreeSet<String> {
    let words = images.iter().map(|image| image.tagged.word().to_ascii_lowercase());
    words.filter(|word| !word.is_empty() && !EMPTY_WORDS.contains(&word.as_str())).collect()
}

/// Names for a group, the best first; the last one is never empty.
fn candidates(images: &[&Released], siblings: &[&Released]) -> Vec<String> {
    let own = words(images);
    let of_siblings = words(siblings);
    let mut names: Vec<String> = Vec::new();
    let distinct: Vec<&String> = own.iter().filter(|word| !of_siblings.contains(*word)).collect();
    let main = MAIN_WORDS.iter().find(|main| distinct.iter().any(|word| word == *main));
    match (distinct.as_slice(), main) {
        ([only], _) if images.iter().all(|image| image.tagged.word().eq_ignore_ascii_case(only)) => {
            names.push((*only).clone());
        }
        (_, Some(main)) => names.push((*main).to_owned()),
        _ => {}
    }
    let repository = last_part(&images[0].repository);
    if siblings.is_empty() {
        names.push(repository.to_owned());
    }
    let containers: BTreeSet<&str> = images.iter().map(|image| image.container.as_str()).collect();
    let services: BTreeSet<&str> = images.iter().map(|image| image.service.as_str()).collect();
    for of_one in [containers, services] {
        if let (1, Some(name)) = (of_one.len(), of_one.first()) {
            names.push((*name).to_owned());
        }
    }
    names.push(repository.to_owned());
    names.push("image".to_owned());
    names.iter().map(|name| allowed(name)).filter(|name| !name.is_empty()).collect()
}

/// The first candidate that is free, else the last but one with a number.
fn free(candidates: Vec<String>, taken: &BTreeSet<String>) -> String {
    if let Some(name) = candidates.iter().take(candidates.len() - 1).find(|name| !taken.contains(*name)) {
        return name.clone();
    }
    let base = candidates.iter().rev().nth(1).or(candidates.first()).expect("there is always one");
    let base: String = base.chars().take(LENGTH_MAX - 4).collect();
    let mut numbered = (2..).map(|number| format!("{base}-{number}"));
    numbered.find(|name| !taken.contains(name)).expect("numbers do not end")
}

/// A name with only those characters that a key may have.
fn allowed(name: &str) -> String {
    let name: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).collect();
    name.trim_matches(['-', '_', '.']).chars().take(LENGTH_MAX).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::image::tagged;
    use super::*;

    /// `service/container repository:tag`
    fn released(text: &str) -> Released {
        let (names, image) = text.split_once(' ').unwrap();
        let (service, container) = names.split_once('/').unwrap();
        let (repository, tag) = image.split_once(':').unwrap();
        Released {
            service: service.into(),
            container: container.into(),
            repository: repository.to_owned(),
            tagged: tagged(tag).unwrap(),
        }
    }

    fn named(images: &[&str]) -> Vec<String> {
        let images: Vec<Released> = images.iter().map(|text| released(text)).collect();
        let shown = |entry: Entry| {
            let services: Vec<&str> = entry.services.iter().map(|name| name.as_str()).collect();
            format!("{} {} {}", entry.key, entry.version, services.join("+"))
        };
        entries(&images).into_iter().map(shown).collect()
    }

    #[test]
    fn entries_are_called_as_people_would_call_them() {
        for (images, expected) in [
            // The word before the version.
            (&["web/web ecr/shop:web-v1.2.3"][..], &["web v1.2.3 web"][..]),
            // One release of several images: the main word, else the repository.
            (
                &["graasp/core p/graasp:core-v2.0.0", "workers/w p/graasp:workers-v2.0.0"],
                &["core v2.0.0 graasp+workers"],
            ),
            (&["a/a p/shop:web-v2.0.0", "b/b p/shop:workers-v2.0.0"], &["shop v2.0.0 a+b"]),
            // No word: the repository.
            (&["library/x p/explore:v1.15.2"], &["explore v1.15.2 library"]),
            (&["library/x p/explore:release-1.15.2"], &["explore 1.15.2 library"]),
            // Two versions of one repository are two entries.
            (&["a/a p/shop:web-v2.0.0", "b/b p/shop:workers-v1.0.0"], &["web v2.0.0 a", "workers v1.0.0 b"]),
            (&["a/app p/shop:v2.0.0", "b/job p/shop:v1.0.0"], &["app v2.0.0 a", "job v1.0.0 b"]),
            (&["a/app p/shop:v2.0.0", "b/app p/shop:v1.0.0"], &["app v1.0.0 b", "a v2.0.0 a"]),
            // Two repositories of the same name.
            (&["a/x p/web:v1.0.0", "b/y q/web:v1.0.0"], &["web v1.0.0 a", "y v1.0.0 b"]),
            (
                &["a/x p/web:v1.0.0", "a/x q/web:v1.0.0", "a/x r/web:v1.0.0", "a/x s/web:v1.0.0"],
                &["a v1.0.0 a", "web v1.0.0 a", "web-2 v1.0.0 a", "x v1.0.0 a"],
            ),
        ] {
            let mut found = named(images);
            let mut expected: Vec<String> = expected.iter().map(|text| (*text).to_owned()).collect();
            found.sort();
            expected.sort();
            assert_eq!(found, expected, "{images:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn keys_are_distinct_and_do_not_hang_on_the_order(
            images in proptest::collection::vec("(a|b|c)/(x|y) (p|q)/(web|shop|_):(core-|web-|)v1[.]0[.][0-2]", 1..12),
            turn in 0usize..12,
        ) {
            let mut images: Vec<Released> = images.iter().map(|text| released(text)).collect();
            let found = entries(&images);
            let keys: BTreeSet<&VersionKey> = found.iter().map(|entry| &entry.key).collect();
            prop_assert_eq!(keys.len(), found.len());
            prop_assert!(keys.iter().all(|key| !key.as_str().is_empty() && key.as_str().len() <= LENGTH_MAX));
            let middle = turn % images.len();
            images.rotate_left(middle);
            prop_assert_eq!(entries(&images), found);
        }
    }
}
