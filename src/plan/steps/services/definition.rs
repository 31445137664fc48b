//! The task definition that a service should run, and whether the deployed one fits the schema.

use std::collections::BTreeMap;

use super::planner::ServicePlanner;
use crate::model::{Relation, Version};
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
    let (written, code) = misfits(planner).into_iter().next()?;
    Some(code.map_or_else(|| format!("`{written}`"), |code| code.to_string()))
}

/// The version that tasks of a service run although it is known not to fit the recorded schema. A tag that names no
/// version, or one without an order, is no such knowledge.
pub(super) fn foreign_code(planner: &ServicePlanner<'_>) -> Option<Version> {
    let ServicePlanner { facts, goal, service, .. } = *planner;
    let recorded = goal.recorded.as_ref()?;
    if planner.tasks() == 0 || !facts.spec.follows_migration(service.spec) {
        return None;
    }
    let codes = misfits(planner).into_iter().filter_map(|(_, code)| code);
    codes
        .into_iter()
        .find(|code| matches!(recorded.relation_to(code), Relation::Forward(_) | Relation::Backward(_)))
}

/// The deployed images that follow the migrated version and are not known to run on the recorded schema: as written,
/// and their version if it can be read.
fn misfits(planner: &ServicePlanner<'_>) -> Vec<(String, Option<Version>)> {
    let ServicePlanner { facts, goal, service, seen, .. } = *planner;
    let Some(migration) = &facts.spec.migration else { return Vec::new() };
    let deployed = seen.definition.document.images();
    let recorded = goal.recorded.as_ref();
    let wanted = facts.spec.versions.get(&migration.follows);
    let is_allowed = |code: &Version| {
        wanted == Some(code) && recorded.is_some() && migration.allow_schema.as_ref() == recorded
    };
    let is_known = |code: &Version| {
        recorded.is_some_and(|recorded| fits(migration, recorded, code) || facts.was_reached(code, recorded))
    };
    let runs = |code: &Version| is_allowed(code) || is_known(code);
    let following = service.spec.images.iter().filter(|(_, image)| image.keys().contains(&migration.follows));
    let read = following.map(|(container, template)| {
        let written = deployed.get(container).map_or("", |image| image.as_str());
        let written = written.split('@').next().unwrap_or_default();
        let code = template.extract(&migration.follows, &facts.spec.versions, written);
        (written.to_owned(), code)
    });
    read.filter(|(_, code)| !code.as_ref().is_some_and(runs)).collect()
}
