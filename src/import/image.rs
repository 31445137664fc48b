//! What an image reference tells: whose it is, and which version its tag holds.

use std::collections::BTreeSet;

use crate::model::{ClusterName, ImageRef, Version};

/// Parts of clusters' names that say nothing about whose they are.
const COMMON_WORDS: [&str; 18] = [
    "app",
    "apps",
    "cluster",
    "default",
    "demo",
    "dev",
    "development",
    "ecs",
    "env",
    "fargate",
    "live",
    "main",
    "prod",
    "production",
    "service",
    "services",
    "staging",
    "test",
];

/// Part of the name of a migration's family, or of the tag of its image.
pub(super) const MIGRATION_WORD: &str = "migrat";

/// A tag around a version: `core-v2.25.0` is `core-`, `v2.25.0`, and nothing after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tagged {
    pub(super) before: String,
    pub(super) version: Version,
    pub(super) after: String,
}

impl Tagged {
    /// The word before the version: `core`.
    pub(super) fn word(&self) -> &str {
        self.before.trim_matches(['-', '_', '.'])
    }
}

/// The version in a tag: it begins the tag or follows a `-` or `_`, and ends it or is followed by a `_`.
pub(super) fn tagged(tag: &str) -> Option<Tagged> {
    let starts = tag.char_indices().filter(|(at, _)| *at == 0 || tag[..*at].ends_with(['-', '_']));
    starts.map(|(at, _)| at).find_map(|start| {
        let rest = &tag[start..];
        let ends = [rest.len()].into_iter().chain(rest.find('_'));
        let fits = |end: &usize| Version::new(&rest[..*end]).is_ordered();
        let end = ends.into_iter().find(fits)?;
        Some(Tagged {
            before: tag[..start].to_owned(),
            version: Version::new(&rest[..end]),
            after: rest[end..].to_owned(),
        })
    })
}

/// The last part of a repository: `graasp` of `public.ecr.aws/graasp/graasp`.
pub(super) fn last_part(repository: &str) -> &str {
    repository.rsplit('/').next().unwrap_or(repository)
}

/// Whose images are released from here: those of a private registry, of a name that the cluster has, too, and of
/// whatever a person names.
pub(super) struct Owner<'a> {
    pub(super) account: &'a str,
    pub(super) cluster: &'a ClusterName,
    pub(super) prefixes: &'a [String],
}

impl Owner<'_> {
    pub(super) fn owns(&self, image: &ImageRef) -> bool {
        let repository = image.repository();
        if self.prefixes.iter().any(|prefix| is_below(repository, prefix)) {
            return true;
        }
        let (registry, path) = split(repository);
        if let Some(account) = registry.and_then(private_account) {
            // AWS serves images of its own from private registries, too.
            return account == self.account || !(path.starts_with("aws-") || path.starts_with("amazon"));
        }
        let words = words(self.cluster);
        if registry.is_some_and(|host| host.split('.').any(|label| words.contains(label))) {
            return true;
        }
        let Some((namespace, name)) = path.rsplit_once('/') else { return false };
        let begins =
            |word: &str| name.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'));
        namespace.split('/').any(|part| words.contains(part)) || words.iter().any(|word| begins(word))
    }
}

/// `ghcr.io/acme` holds `ghcr.io/acme/shop`, not `ghcr.io/acmeish/shop`.
fn is_below(repository: &str, prefix: &str) -> bool {
    let prefix = prefix.trim_end_matches('/');
    repository.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Docker Hub needs no name.
fn split(repository: &str) -> (Option<&str>, &str) {
    match repository.split_once('/') {
        Some((first, path)) if first.contains(['.', ':']) || first == "localhost" => (Some(first), path),
        _ => (None, repository),
    }
}

/// <https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html>
fn private_account(registry: &str) -> Option<&str> {
    let (account, rest) = registry.split_once('.')?;
    let is_account = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
    (is_account && rest.starts_with("dkr.ecr")).then_some(account)
}

/// Parts of a name that say whose something is.
pub(super) fn words(cluster: &ClusterName) -> BTreeSet<String> {
    let parts = cluster.as_str().split(['-', '_']).map(str::to_ascii_lowercase);
    parts.filter(|part| part.len() >= 3 && !COMMON_WORDS.contains(&part.as_str())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_tells_its_version() {
        for (tag, expected) in [
            ("core-v2.25.0", Some(("core-", "v2.25.0", ""))),
            ("v1.15.2", Some(("", "v1.15.2", ""))),
            ("1.15.2", Some(("", "1.15.2", ""))),
            ("api_1.2.3-hotfix2", Some(("api_", "1.2.3-hotfix2", ""))),
            ("v1.2.3-rc.1", Some(("", "v1.2.3-rc.1", ""))),
            ("web-v1.2.3_arm64", Some(("web-", "v1.2.3", "_arm64"))),
            ("two-words-v1.2.3", Some(("two-words-", "v1.2.3", ""))),
            ("2026.11.24", Some(("", "2026.11.24", ""))),
            ("v1.8", None),
            ("latest", None),
            ("7-alpine", None),
            ("postgresql-latest", None),
            ("v1.29.6.1-prod", None),
            ("releasev1.2.3", None),
            ("", None),
        ] {
            let found = tagged(tag);
            let found = found.as_ref().map(|it| (it.before.as_str(), it.version.as_str(), it.after.as_str()));
            assert_eq!(found, expected, "{tag}");
        }
    }

    #[test]
    fn images_are_ours_by_registry_by_name_or_by_word() {
        let cluster = ClusterName::new("graasp-prod");
        let owns = |image: &str, prefixes: &[&str]| {
            let prefixes: Vec<String> = prefixes.iter().map(|prefix| (*prefix).to_owned()).collect();
            Owner { account: "592217263685", cluster: &cluster, prefixes: &prefixes }
                .owns(&ImageRef::new(image))
        };
        for (image, ours) in [
            ("592217263685.dkr.ecr.eu-central-2.amazonaws.com/anything:v1.0.0", true),
            ("592217263685.dkr.ecr.eu-central-2.amazonaws.com/aws-mirror:v1.0.0", true),
            ("111122223333.dkr.ecr.eu-central-1.amazonaws.com/shared/api:v1.0.0", true),
            ("840364872350.dkr.ecr.us-west-2.amazonaws.com/aws-appmesh-envoy:v1.29.6", false),
            ("public.ecr.aws/graasp/graasp:core-v2.25.0", true),
            ("graasp/etherpad:v1.3.0", true),
            ("ghcr.io/acme/graasp-library:v1.0.0", true),
            ("ghcr.io/acme/graaspish:v1.0.0", false),
            ("registry.graasp.org/explore:v1.0.0", true),
            ("public.ecr.aws/docker/library/redis:7.2.1", false),
            ("redis:7.2.1", false),
            ("graasp:v1.0.0", false),
            ("ghcr.io/umami-software/umami:v2.1.0", false),
            // A word that every other cluster has says nothing.
            ("prod/api:v1.0.0", false),
        ] {
            assert_eq!(owns(image, &[]), ours, "{image}");
        }
        assert!(owns("ghcr.io/acme/api:v1.0.0", &["ghcr.io/acme"]));
        assert!(owns("redis:7.2.1", &["redis"]));
        assert!(!owns("ghcr.io/acmeish/api:v1.0.0", &["ghcr.io/acme"]));
    }
}
