//! Tags that say whose a cluster is and which version a schema has.

use std::time::Duration;

use super::context::ActionContext;
use super::error::ActionError;
use crate::cloud::tag;
use crate::model::{StoreId, Version};
use crate::store::journal::{Event, Recorded};

/// Tags are read back from an eventually consistent API; it takes seconds.
const TAG_READ_BACK_MAX: Duration = Duration::from_secs(120);

/// Tags the cluster with our store.
pub(super) async fn claim(hands: &ActionContext<'_>, id: &str, store: &StoreId) -> Result<(), ActionError> {
    let cluster = &hands.spec.cluster;
    hands.write(|| hands.cloud.tag_cluster(cluster, tag::OWNER, store.as_str())).await?;
    let mut wait = hands.wait(id, format!("the owner tag of `{cluster}`"), TAG_READ_BACK_MAX);
    loop {
        let tags = hands.read(|| hands.cloud.cluster_tags(cluster)).await?.unwrap_or_default();
        match tags.get(tag::OWNER) {
            Some(owner) if owner == store.as_str() => return hands.record(Event::OwnerClaimed),
            Some(owner) => wait.pause(&format!("owned by {owner}")).await?,
            None => wait.pause("no owner yet").await?,
        }
    }
}

/// Tags the database with its schema version, reads that back, and forgets the migration.
///
/// The mark of the migration goes before the event: after a crash between the two the attempt still counts as
/// not recorded, and this action comes again. The other way round the mark would stay for ever.
pub(super) async fn record_schema(
    hands: &ActionContext<'_>,
    id: &str,
    version: &Version,
    resource_id: &str,
    how: Recorded,
) -> Result<(), ActionError> {
    let target = hands.database()?;
    let name = target.identifier();
    let found = hands.read(|| hands.cloud.database(target)).await?;
    let found = found.ok_or_else(|| ActionError::refused(format!("the database `{name}` is gone")))?;
    if found.resource_id != resource_id {
        let other = found.resource_id;
        return Err(ActionError::refused(format!(
            "`{name}` is another database now: {other} instead of {resource_id}; its schema is not {version} \
             for sure"
        )));
    }
    hands.write(|| hands.cloud.tag_database(target, tag::SCHEMA, Some(version.as_str()))).await?;
    let mut wait = hands.wait(id, format!("the schema tag of `{name}`"), TAG_READ_BACK_MAX);
    let marked = loop {
        let found = hands.read(|| hands.cloud.database(target)).await?;
        let tags = found.map(|database| database.tags).unwrap_or_default();
        match tags.get(tag::SCHEMA) {
            Some(tagged) if tagged == version.as_str() => break tags.contains_key(tag::MIGRATING),
            Some(tagged) => wait.pause(&format!("tagged {tagged}")).await?,
            None => wait.pause("not tagged yet").await?,
        }
    };
    if marked {
        hands.write(|| hands.cloud.tag_database(target, tag::MIGRATING, None)).await?;
    }
    let (version, resource_id) = (version.clone(), resource_id.to_owned());
    hands.record(Event::SchemaRecorded { version, resource_id, how })
}
