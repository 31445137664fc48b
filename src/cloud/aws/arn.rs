//! Names inside ARNs. Pure.

/// The part after the last `/`: the own name of a service, a task, a definition or a function.
pub(super) fn last(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// `arn:aws:ecs:eu-central-2:592217263685:task-definition/graasp:7` → `graasp`
pub(super) fn family_of_revision(arn: &str) -> &str {
    let name = last(arn);
    name.rsplit_once(':').map_or(name, |(family, _)| family)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_names_its_family() {
        assert_eq!(
            family_of_revision("arn:aws:ecs:eu-central-2:592217263685:task-definition/graasp:7"),
            "graasp"
        );
        assert_eq!(family_of_revision("graasp"), "graasp");
    }
}
