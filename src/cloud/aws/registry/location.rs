//! Which registry a repository is in, read from its name. Pure.

/// A registry and a repository in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Location {
    /// A private repository of ECR.
    Ecr { account: String, region: String, name: String },
    /// Any other registry: a host, perhaps with a port.
    Other { host: String, name: String },
}

/// <https://docs.docker.com/registry/spec/api/>: what comes before the first slash is a host if it looks like
/// one; without a host it is Docker Hub, whose own images stand under `library/`.
pub(super) fn of(repository: &str) -> Location {
    let (host, name) = match repository.split_once('/') {
        Some((host, name)) if host.contains(['.', ':']) || host == "localhost" => (host, name.to_owned()),
        _ => ("docker.io", repository.to_owned()),
    };
    if let Some((account, region)) = ecr(host) {
        return Location::Ecr { account: account.to_owned(), region: region.to_owned(), name };
    }
    match host {
        "docker.io" | "index.docker.io" | "registry-1.docker.io" => {
            let name = if name.contains('/') { name } else { format!("library/{name}") };
            Location::Other { host: "registry-1.docker.io".to_owned(), name }
        }
        host => Location::Other { host: host.to_owned(), name },
    }
}

/// `592217263685.dkr.ecr.eu-central-2.amazonaws.com`, also in China, with FIPS, and with both kinds of addresses.
/// <https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html>
fn ecr(host: &str) -> Option<(&str, &str)> {
    let (account, rest) = host.split_once('.')?;
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    let rest = ["dkr.ecr.", "dkr.ecr-fips.", "dkr-ecr.", "dkr-ecr-fips."]
        .iter()
        .find_map(|prefix| rest.strip_prefix(prefix))?;
    let ends = [".amazonaws.com", ".amazonaws.com.cn", ".on.aws", ".on.amazonwebservices.com.cn"];
    let region = ends.iter().find_map(|end| rest.strip_suffix(end))?;
    (is_account && !region.contains('.')).then_some((account, region))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_to_registries() {
        let ecr = |region: &str, name: &str| Location::Ecr {
            account: "592217263685".to_owned(),
            region: region.to_owned(),
            name: name.to_owned(),
        };
        let other = |host: &str, name: &str| Location::Other { host: host.to_owned(), name: name.to_owned() };
        for (repository, location) in [
            ("592217263685.dkr.ecr.eu-central-2.amazonaws.com/graasp", ecr("eu-central-2", "graasp")),
            ("592217263685.dkr.ecr.cn-north-1.amazonaws.com.cn/a/b", ecr("cn-north-1", "a/b")),
            ("592217263685.dkr-ecr.eu-west-1.on.aws/graasp", ecr("eu-west-1", "graasp")),
            ("redis", other("registry-1.docker.io", "library/redis")),
            ("getmeili/meilisearch", other("registry-1.docker.io", "getmeili/meilisearch")),
            ("docker.io/redis", other("registry-1.docker.io", "library/redis")),
            ("public.ecr.aws/graasp/core", other("public.ecr.aws", "graasp/core")),
            ("ghcr.io/umami-software/umami", other("ghcr.io", "umami-software/umami")),
            ("localhost:5000/graasp", other("localhost:5000", "graasp")),
            (
                "59221726368.dkr.ecr.eu-central-2.amazonaws.com/x",
                other("59221726368.dkr.ecr.eu-central-2.amazonaws.com", "x"),
            ),
            (
                "592217263685.dkr.ecr.evil.example.amazonaws.com/x",
                other("592217263685.dkr.ecr.evil.example.amazonaws.com", "x"),
            ),
        ] {
            assert_eq!(of(repository), location, "{repository}");
        }
    }
}
