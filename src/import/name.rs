//! The name of an environment, unless `--name` gives one: the name of its cluster.

use crate::model::ClusterName;

/// The limit that `tidegate validate` checks.
const LENGTH_MAX: usize = 64;

/// Whether an environment may have this name.
pub fn is_environment_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    name.len() <= LENGTH_MAX
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.chars().all(allowed)
}

/// The cluster's name without the characters that an environment's name may not have; `None` when nothing is left.
pub fn environment_name(cluster: &ClusterName) -> Option<String> {
    let name = cluster.as_str().trim_start_matches(['-', '_']);
    let name: String = name.chars().take(LENGTH_MAX).collect();
    let name = name.trim_end_matches(['-', '_']);
    is_environment_name(name).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_is_called_like_its_cluster() {
        let long = "a".repeat(255);
        for (cluster, name) in [
            ("graasp-prod", Some("graasp-prod")),
            ("_shop_", Some("shop")),
            ("7even", Some("7even")),
            ("--", None),
            (long.as_str(), Some(&long[..64])),
        ] {
            assert_eq!(environment_name(&cluster.into()).as_deref(), name, "{cluster}");
        }
        for name in ["", "-a", "a b", "ä", "a.b", &"a".repeat(65)] {
            assert!(!is_environment_name(name), "{name}");
        }
    }
}
