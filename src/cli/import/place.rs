//! The arguments of `import`: a cluster, a region, a role, the place of a secret, a page, a header.

use url::Url;

use crate::model::ClusterName;
use crate::spec::SecretSource;

/// A cluster, by name or by ARN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cluster {
    pub(super) name: ClusterName,
    pub(super) region: Option<String>,
    pub(super) account: Option<String>,
}

/// `graasp-prod` or `arn:aws:ecs:eu-central-2:592217263685:cluster/graasp-prod`
pub(super) fn cluster(text: &str) -> Result<Cluster, String> {
    let is_name = |name: &str| {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        !name.is_empty() && name.len() <= 255 && name.chars().all(allowed)
    };
    if is_name(text) {
        return Ok(Cluster { name: ClusterName::new(text), region: None, account: None });
    }
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let [_, _, "ecs", region, account, resource] = parts[..] else {
        return Err("write the name of the cluster (letters, digits, `-` and `_`), or its ARN".to_owned());
    };
    match resource.strip_prefix("cluster/").filter(|name| is_name(name)) {
        Some(name) => Ok(Cluster {
            name: ClusterName::new(name),
            region: Some(self::region(region)?),
            account: Some(account.to_owned()),
        }),
        None => {
            Err("this is not the ARN of a cluster: write `arn:aws:ecs:REGION:ACCOUNT:cluster/NAME`"
                .to_owned())
        }
    }
}

/// `eu-central-2`; no list of regions, since AWS adds new ones.
pub(super) fn region(text: &str) -> Result<String, String> {
    let is_word = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
    match text.split('-').collect::<Vec<_>>().as_slice() {
        [words @ .., number]
            if words.len() >= 2
                && words.iter().all(|word| is_word(word))
                && !number.is_empty()
                && number.bytes().all(|b| b.is_ascii_digit()) =>
        {
            Ok(text.to_owned())
        }
        _ => Err("write a region such as `eu-central-2`".to_owned()),
    }
}

/// `arn:aws:iam::592217263685:role/tidegate`
pub(super) fn role(text: &str) -> Result<String, String> {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    match parts[..] {
        ["arn", partition, "iam", "", account, resource]
            if partition.starts_with("aws")
                && account.len() == 12
                && account.bytes().all(|b| b.is_ascii_digit())
                && resource.strip_prefix("role/").is_some_and(|name| !name.is_empty()) =>
        {
            Ok(text.to_owned())
        }
        _ => Err("write the ARN of a role, such as `arn:aws:iam::592217263685:role/tidegate`".to_owned()),
    }
}

/// `ssm:/graasp/prod/maintenance-secret`; the words are those of `value_from`.
pub(super) fn secret(text: &str) -> Result<SecretSource, String> {
    match text.split_once(':').filter(|(_, place)| !place.trim().is_empty()) {
        Some(("ssm", place)) => Ok(SecretSource::Ssm(place.to_owned())),
        Some(("secretsmanager", place)) => Ok(SecretSource::SecretsManager(place.to_owned())),
        Some(("env", place)) => Ok(SecretSource::Env(place.to_owned())),
        Some(("file", place)) => Ok(SecretSource::File(place.to_owned())),
        // The text may be the secret itself, so the message does not repeat it.
        _ => {
            Err("write the place of the secret, not the secret: `ssm:/NAME` or `secretsmanager:NAME`"
                .to_owned())
        }
    }
}

/// An absolute URL.
pub(super) fn page(text: &str) -> Result<Url, String> {
    let url =
        Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some());
    let url = url.filter(|url| url.username().is_empty() && url.password().is_none());
    url.ok_or_else(|| "write the whole URL, such as `https://maintenance.example.org`".to_owned())
}

/// A header's name, by the same rule as in `validate`.
pub(super) fn header(text: &str) -> Result<String, String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    if (1..=40).contains(&text.len()) && text.chars().all(allowed) {
        return Ok(text.to_lowercase());
    }
    Err("write up to 40 letters, digits, `-` and `_`, such as `x-maintenance-bypass`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_is_named_or_given_by_its_arn() {
        let found = cluster("arn:aws:ecs:eu-central-2:592217263685:cluster/graasp-prod").unwrap();
        assert_eq!(found.name.as_str(), "graasp-prod");
        assert_eq!(
            (found.region.as_deref(), found.account.as_deref()),
            (Some("eu-central-2"), Some("592217263685"))
        );
        assert_eq!(cluster("shop_1").unwrap().region, None);
        for wrong in
            ["", "a b", "shop/web", "arn:aws:ecs:eu-central-2:1:service/a/b", "arn:aws:rds:x:1:cluster:a"]
        {
            assert!(cluster(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn places_are_what_they_look_like() {
        assert!(
            region("us-gov-west-1").is_ok() && region("eu-central-2a").is_err() && region("Zurich").is_err()
        );
        assert!(role("arn:aws:iam::592217263685:role/a/b").is_ok() && role("tidegate").is_err());
        assert_eq!(secret("ssm:/a:b"), Ok(SecretSource::Ssm("/a:b".to_owned())));
        let refused = secret("hunter2-hunter2-hunter2").unwrap_err();
        assert!(!refused.contains("hunter2"));
        assert!(
            page("https://m.org").is_ok() && page("m.org").is_err() && page("https://a:b@m.org").is_err()
        );
        assert_eq!(header("X-Bypass").as_deref(), Ok("x-bypass"));
    }
}
