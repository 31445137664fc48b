//! The task definition that a service should run, and whether the deployed one fits the schema.

use std::collections::BTreeMap;

use super::planner::ServicePlanner;
use crate::model::Version;
use crate::plan::action::NewDefinition;
use crate::plan::decide::fits;
use crate::plan::facts::ImageChange;

/// The new definition; `None` = the definition stays. A version change starts from the newest revision of the family,
/// everything else from the deployed one.
pub(super) fn definition(
    planner: &ServicePlanner<'_>,
    changes: &[ImageChange],
    frozen: bool,
) -> Option<NewDefinition> {
    let ServicePlanner { service, seen, .. } = *planner;
    if changes.is_empty() {
        let adopts = !frozen && planner.adopts();
        return (adopts || planner.primary_failed()).then(|| NewDefinition {
            template: if adopts { seen.newest.arn.clone() } else { seen.definition.arn.clone() },
            images: if adopts { service.deployed_images() } else { BTreeMap::new() },
        });
    }
    let changes_version = changes.iter().any(ImageChange::changes_version);
    let template = if changes_version { &seen.newest } else { &seen.definition };
    Some(NewDefinition { template: template.arn.clone(), images: service.wanted.images.clone() })
}

/// The deployed code, if it is not known to run on the recorded schema. In doubt it does not.
pub(super) fn incompatible_code(planner: &ServicePlanner<'_>) -> Option<String> {
    let ServicePlanner { facts, goal, service, seen, .. } = *planner;
    let migration = facts.spec.migration.as_ref()?;
    let deployed = seen.definition.document.images();
    let recorded = goal.recorded.as_ref();
    let wanted = facts.spec.versions.get(&migration.follows);
    let is_allowed = |code: &Version| {
        wanted == Some(code) && recorded.is_some() && migration.allow_schema.as_ref() == recorded
    };
    let runs =
        |code: &Version| is_allowed(code) || recorded.is_some_and(|recorded| fits(migration, recorded, code));
    let following = service.spec.images.iter().filter(|(_, image)| image.keys().contains(&migration.follows));
    for (container, template) in following {
        let written = deployed.get(container).map_or("", |image| image.as_str());
        let written = written.split('@').next().unwrap_or_default();
        let code = template.extract(&migration.follows, &facts.spec.versions, written);
        if !code.as_ref().is_some_and(runs) {
            return Some(code.map_or_else(|| format!("`{written}`"), |code| code.to_string()));
        }
    }
    None
}
