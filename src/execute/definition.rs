//! Task definitions: the revision that says what is wanted, found or registered.

use std::collections::BTreeMap;

use super::context::{ActionContext, WRITE};
use super::error::ActionError;
use crate::cloud::{CloudError, TaskDefinition};
use crate::model::{ContainerName, ImageRef};
use crate::retry::retry;

/// The revision of the template's family with these images: the template itself or the newest one when they
/// say just that, else a new one. `never` is a revision that must not be chosen, because ECS would start
/// nothing for it.
pub(super) async fn with_images(
    context: &ActionContext<'_>,
    template: &str,
    images: &BTreeMap<ContainerName, ImageRef>,
    never: Option<&str>,
) -> Result<TaskDefinition, ActionError> {
    let template = context.read(|| context.cloud.task_definition(template)).await?;
    let wanted = template.document.with_images(images);
    let fingerprint = wanted.fingerprint();
    let fits = |found: &TaskDefinition| {
        found.document.fingerprint() == fingerprint && never != Some(found.arn.as_str())
    };
    if fits(&template) {
        return Ok(template);
    }
    // Each try looks first: an answer that was lost has registered the revision. Only the registration is retried here;
    // reads have retries of their own.
    let attempt = || async {
        let looked = async {
            let newest = context.read(|| context.cloud.newest_definition(&template.family)).await?;
            let newest = newest.filter(fits);
            if newest.is_none() {
                context.journal.verify()?;
            }
            Ok::<_, ActionError>(newest)
        };
        match looked.await {
            Ok(Some(newest)) => Ok(Ok(newest)),
            Ok(None) => context.cloud.register_definition(&wanted).await.map(Ok),
            Err(error) => Ok(Err(error)),
        }
    };
    retry(context.clock, WRITE, |error: &CloudError| error.kind.is_transient(), attempt).await?
}
