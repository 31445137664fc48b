//! Task definitions: the revision that says what is wanted, found or registered.

use std::collections::BTreeMap;

use super::context::{ActionContext, TRIES_MAX};
use super::error::ActionError;
use crate::cloud::TaskDefinition;
use crate::model::{ContainerName, ImageRef};

/// The revision of the template's family with these images: the template itself or the newest one when they
/// say just that, else a new one. `never` is a revision that must not be chosen, because ECS would start
/// nothing for it.
pub(super) async fn with_images(
    hands: &ActionContext<'_>,
    template: &str,
    images: &BTreeMap<ContainerName, ImageRef>,
    never: Option<&str>,
) -> Result<TaskDefinition, ActionError> {
    let template = hands.read(|| hands.cloud.task_definition(template)).await?;
    let wanted = template.document.with_images(images);
    let fingerprint = wanted.fingerprint();
    let fits = |found: &TaskDefinition| {
        found.document.fingerprint() == fingerprint && never != Some(found.arn.as_str())
    };
    if fits(&template) {
        return Ok(template);
    }
    // Each try looks first: an answer that was lost has registered the revision.
    for tries in 1.. {
        let newest = hands.read(|| hands.cloud.newest_definition(&template.family)).await?;
        if let Some(newest) = newest.filter(fits) {
            return Ok(newest);
        }
        hands.journal.verify()?;
        match hands.cloud.register_definition(&wanted).await {
            Err(error) if error.kind.is_transient() && tries < TRIES_MAX => {
                hands.clock.sleep(std::time::Duration::from_secs(1 << tries)).await;
            }
            answer => return Ok(answer?),
        }
    }
    unreachable!("the last try returns")
}
