//! Container images as people write them, and the digests they resolve to.

use std::fmt;

use serde::{Deserialize, Serialize};

/// `registry/repository:tag`, `repository@sha256:…`, or both a tag and a digest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ImageRef(String);

/// `sha256:…`: the image that a tag pointed at when tidegate read the registry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(String);

impl ImageRef {
    /// Wraps the text of an image reference.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Registry and repository: everything before the tag and the digest.
    pub fn repository(&self) -> &str {
        let name = self.0.split_once('@').map_or(self.0.as_str(), |(name, _)| name);
        match name.rsplit_once(':') {
            // A colon before the last slash belongs to a registry's port.
            Some((repository, tag)) if !tag.contains('/') => repository,
            _ => name,
        }
    }

    /// The tag, if one is written.
    pub fn tag(&self) -> Option<&str> {
        let name = self.0.split_once('@').map_or(self.0.as_str(), |(name, _)| name);
        name.rsplit_once(':').map(|(_, tag)| tag).filter(|tag| !tag.contains('/'))
    }

    /// The digest, if the image is pinned.
    pub fn digest(&self) -> Option<Digest> {
        self.0.split_once('@').map(|(_, digest)| Digest::new(digest))
    }

    /// The same image, pinned: the tag stays for people, the digest decides what runs.
    pub fn pinned(&self, digest: &Digest) -> ImageRef {
        let name = self.0.split_once('@').map_or(self.0.as_str(), |(name, _)| name);
        ImageRef(format!("{name}@{digest}"))
    }
}

impl fmt::Display for ImageRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Digest {
    /// Wraps a digest as a registry gave it.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, `sha256:` included.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Twelve hexadecimal digits: enough for a person to compare.
    pub fn short(&self) -> &str {
        let hex = self.0.strip_prefix("sha256:").unwrap_or(&self.0);
        hex.get(..12).unwrap_or(hex)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_repository_tag_and_digest_apart() {
        for (text, repository, tag, digest) in [
            ("redis:7-alpine", "redis", Some("7-alpine"), None),
            ("localhost:5000/graasp", "localhost:5000/graasp", None, None),
            ("localhost:5000/graasp:core-v1", "localhost:5000/graasp", Some("core-v1"), None),
            ("graasp:core-v1@sha256:ab", "graasp", Some("core-v1"), Some("sha256:ab")),
            ("graasp@sha256:ab", "graasp", None, Some("sha256:ab")),
        ] {
            let image = ImageRef::new(text);
            assert_eq!(image.repository(), repository, "{text}");
            assert_eq!(image.tag(), tag, "{text}");
            assert_eq!(image.digest(), digest.map(Digest::new), "{text}");
        }
    }

    #[test]
    fn pinning_keeps_the_tag_and_replaces_an_older_digest() {
        let digest = Digest::new("sha256:cd");
        for text in ["graasp:core-v1", "graasp:core-v1@sha256:ab"] {
            assert_eq!(ImageRef::new(text).pinned(&digest).as_str(), "graasp:core-v1@sha256:cd");
        }
    }
}
