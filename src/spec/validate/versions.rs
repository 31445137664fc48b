//! `versions:` and the templates that use them.

use std::collections::{BTreeMap, BTreeSet};

use super::findings::Findings;
use super::limits;
use super::names;
use crate::model::{ContainerName, Digest, Version, VersionKey};
use crate::spec::Template;
use crate::spec::decode::{Leaf, OriginId, Table, TextOrScalar};
use crate::spec::diagnostic::Code;
use crate::spec::raw::{TemplateText, VersionText};
use crate::spec::suggest;

/// The entries of `versions`, and which of them are used.
#[derive(Default)]
pub(super) struct Versions {
    entries: BTreeMap<VersionKey, (OriginId, Version)>,
    used: BTreeSet<VersionKey>,
    /// Whether a template could not be read or named a missing entry: it may have been meant to use any of them.
    unresolved: bool,
}

impl Versions {
    pub(super) fn read(f: &mut Findings<'_>, raw: &Option<Leaf<Table<VersionText>>>) -> Self {
        let mut entries = BTreeMap::new();
        for (key, leaf) in raw.iter().filter_map(Leaf::get).flat_map(|table| &table.0) {
            f.key_name(leaf.at, key, &names::KEY);
            let version = f.version(leaf).unwrap_or_else(|| Version::new("unreadable"));
            entries.insert(VersionKey::new(key), (leaf.at, version));
        }
        Self { entries, ..Self::default() }
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &str> + Clone {
        self.entries.keys().map(VersionKey::as_str)
    }

    pub(super) fn get(&self, key: &VersionKey) -> Option<&Version> {
        self.entries.get(key).map(|(_, version)| version)
    }

    pub(super) fn mark_used(&mut self, key: &VersionKey) {
        self.used.insert(key.clone());
    }

    /// Whether it is known which entries are used.
    pub(super) fn are_resolved(&self) -> bool {
        !self.unresolved
    }

    /// The versions themselves; reports entries that are not used.
    pub(super) fn finish(self, f: &mut Findings<'_>) -> BTreeMap<VersionKey, Version> {
        let unused = |key: &VersionKey| self.are_resolved() && !self.used.contains(key);
        for (key, (at, _)) in self.entries.iter().filter(|(key, _)| unused(key)) {
            let message = format!("no image and no site uses version `{key}`, so changing it has no effect");
            let hint = format!("use `{{{key}}}` in an image or in the source of a site, or delete the line");
            f.warning_at_key(*at, Code::UnusedVersion, message).hint = Some(hint);
        }
        self.entries.into_iter().map(|(key, (_, version))| (key, version)).collect()
    }
}

impl Findings<'_> {
    /// A version: a text of characters that image tags allow; empty means not deployed.
    pub(super) fn version(&mut self, leaf: &Leaf<VersionText>) -> Option<Version> {
        match leaf.get()? {
            VersionText(TextOrScalar::OtherScalar) => {
                let written = &self.origin(leaf.at).written;
                let message =
                    format!("`{}` must be a text, but YAML reads {written} as a number", self.path(leaf.at));
                let hint = Some(format!("put the version in quotes: `\"{written}\"`"));
                self.error(leaf.at, Code::VersionNotText, message).hint = hint;
                None
            }
            VersionText(TextOrScalar::Text(text)) => {
                let allowed = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
                if let Some((at, wrong)) = text.char_indices().find(|(_, c)| !allowed(*c)) {
                    let message =
                        format!("a version cannot contain `{wrong}`, because image tags do not allow it");
                    let hint = "use letters, digits, `.`, `-` and `_`".to_owned();
                    let bytes = at..at + wrong.len_utf8();
                    self.error_within(leaf.at, bytes, Code::BadVersion, message).hint = Some(hint);
                    return None;
                }
                if text.len() > 128 {
                    let message = "a version can have at most 128 characters, like an image tag";
                    self.error(leaf.at, Code::BadVersion, message);
                    return None;
                }
                Some(Version::new(text))
            }
        }
    }

    /// A template whose placeholders all have an entry in `versions`.
    pub(super) fn template(
        &mut self,
        leaf: &Leaf<TemplateText>,
        versions: &mut Versions,
    ) -> Option<Template> {
        let Some(TemplateText(text)) = leaf.get() else {
            versions.unresolved = true;
            return None;
        };
        if text.is_empty() {
            self.error(leaf.at, Code::BadTemplate, format!("`{}` is empty", self.path(leaf.at)));
            return None;
        }
        let template = match Template::parse(text) {
            Ok(template) => template,
            Err(offset) => {
                versions.unresolved = true;
                let message = "this brace is unmatched or empty";
                let hint =
                    "write a placeholder as `{name}`, where `name` is an entry of `versions`".to_owned();
                self.error_within(leaf.at, offset..offset + 1, Code::BadTemplate, message).hint = Some(hint);
                return None;
            }
        };
        for key in template.keys() {
            if versions.get(key).is_some() {
                versions.mark_used(key);
                continue;
            }
            versions.unresolved = true;
            let hole = format!("{{{key}}}");
            let start = text.find(&hole).expect("the template was parsed from this text");
            let message = format!("`versions` has no entry `{key}`");
            let hint = suggest::hint(key.as_str(), versions.keys())
                .or_else(|| Some(format!("add `versions.{key}`")));
            let bytes = start..start + hole.len();
            self.error_within(leaf.at, bytes, Code::UnknownPlaceholder, message).hint = hint;
        }
        Some(template)
    }

    /// Container → image.
    pub(super) fn images(
        &mut self,
        raw: &Option<Leaf<Table<TemplateText>>>,
        versions: &mut Versions,
    ) -> BTreeMap<ContainerName, Template> {
        let mut images = BTreeMap::new();
        if let Some((at, Table(entries))) = raw.as_ref().and_then(|leaf| Some((leaf.at, leaf.get()?))) {
            self.at_most(at, entries, &limits::CONTAINERS);
        }
        for (container, leaf) in raw.iter().filter_map(Leaf::get).flat_map(|table| &table.0) {
            self.key_name(leaf.at, container, &names::ECS);
            let Some(template) = self.template(leaf, versions) else { continue };
            if let Some(fault) = image_fault(&template) {
                let message = format!("this is not a valid image: {fault}");
                let hint = "write an image as `registry/repository:tag`, with the repository in lower case"
                    .to_owned();
                self.error(leaf.at, Code::BadImage, message).hint = Some(hint);
            }
            images.insert(ContainerName::new(container), template);
        }
        images
    }
}

/// What is wrong with an image, independent of the versions:
/// <https://github.com/distribution/reference/blob/main/reference.go>
fn image_fault(template: &Template) -> Option<&'static str> {
    let filled: BTreeMap<VersionKey, Version> =
        template.keys().iter().map(|key| (key.clone(), Version::new("0"))).collect();
    let image = template.image(&filled)?;
    let repository = image.repository();
    if image.as_str().chars().any(char::is_whitespace) {
        return Some("it contains a space");
    }
    if image.as_str().contains("://") {
        return Some("it is a URL");
    }
    if repository.is_empty() || repository.split('/').any(str::is_empty) {
        return Some("a part of its name is empty");
    }
    let (_, path) = repository.split_once('/').unwrap_or(("", repository));
    if !path.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-/".contains(c)) {
        return Some("its repository may contain only lower-case letters, digits, `.`, `_` and `-`");
    }
    let digest_allowed = |digest: &Digest| {
        digest.as_str().split_once(':').is_some_and(|(algorithm, hex)| {
            algorithm == "sha256" && !hex.is_empty() && hex.chars().all(|c| c.is_ascii_hexdigit())
        })
    };
    if image.digest().is_some_and(|digest| !digest_allowed(&digest)) {
        return Some(
            "after `@` stands a digest, `sha256:` and hexadecimal digits; a version is a tag, after `:`",
        );
    }
    let tag_allowed = |tag: &str| {
        !tag.is_empty()
            && tag.len() <= 128
            && tag.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
    };
    if image.tag().is_some_and(|tag| !tag_allowed(tag)) {
        return Some("its tag may contain only up to 128 letters, digits, `_`, `.` and `-`");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_that_no_registry_allows_are_recognised() {
        for (text, possible) in [
            ("redis:7-alpine", true),
            ("592217263685.dkr.ecr.eu-central-2.amazonaws.com/graasp:core-{core}", true),
            ("localhost:5000/graasp/{core}:v1", true),
            ("public.ecr.aws/graasp/graasp@sha256:ab", true),
            ("graasp core", false),
            ("https://registry/graasp:v1", false),
            ("Graasp:v1", false),
            ("registry//graasp:v1", false),
            ("graasp:", false),
            (":v1", false),
            ("registry/graasp@{core}", false),
            ("registry/graasp:v1@{core}", false),
            ("registry/graasp@sha256:{core}", true),
            ("registry/graasp@sha256:", false),
            ("registry/graasp@latest", false),
            ("registry/graasp@sha256:xyz", false),
        ] {
            assert_eq!(image_fault(&Template::parse(text).unwrap()).is_none(), possible, "{text}");
        }
    }
}
