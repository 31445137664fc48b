//! The version that runs: read at first contact, when neither a tag nor the journal has the schema version.
//!
//! A version in an image's tag needs no request. A moving tag (`core-latest`) names no version: then the digest that the
//! running container pulled is looked up among the registry's version tags.

use std::collections::{BTreeMap, BTreeSet};

use super::context::ObserveContext;
use super::snapshot::{Observed, RunningVersion, ServiceSeen};
use crate::cloud::{Task, TaskStatus};
use crate::model::{ContainerName, Digest, ImageRef, ServiceName, Version, VersionKey};
use crate::spec::Template;

/// The version of `follows` that the services run. Registries are asked only if `ask_registry`.
///
/// # Errors
/// The reason, when something that decides about it could not be read.
pub(super) async fn version(
    context: ObserveContext<'_>,
    follows: &VersionKey,
    services: &BTreeMap<ServiceName, Observed<ServiceSeen>>,
    ask_registry: bool,
) -> Result<RunningVersion, String> {
    let mut known: BTreeSet<Version> = BTreeSet::new();
    let mut unknown: Option<ImageRef> = None;
    for (name, declared) in &context.spec.services {
        let following = declared.images.iter().find(|(_, image)| image.keys().contains(follows));
        let Some((container, template)) = following else { continue };
        let seen = match services.get(name) {
            Some(Observed::Present(seen)) => seen,
            Some(Observed::Absent) | None => continue,
            Some(Observed::Unreadable { why }) => return Err(why.clone()),
        };
        let live: Vec<&Task> = seen.tasks.iter().filter(|task| task.status != TaskStatus::Stopped).collect();
        if live.is_empty() {
            continue;
        }
        let definitions: BTreeSet<&str> = live.iter().map(|task| task.definition.as_str()).collect();
        if definitions.len() > 1 || !definitions.contains(seen.definition.arn.as_str()) {
            return Ok(RunningVersion::Several(definitions.into_iter().map(short).collect()));
        }
        let images = seen.definition.document.images();
        let Some(image) = images.get(container) else { continue };
        match read(context, follows, template, image, digest(&live, container), ask_registry).await? {
            Some(version) => {
                known.insert(version);
            }
            None => unknown = Some(image.clone()),
        }
    }
    let mut known = known.into_iter();
    Ok(match (unknown, known.next(), known.next()) {
        (Some(image), ..) => RunningVersion::Unknown(image),
        (None, None, _) => RunningVersion::NoTask,
        (None, Some(version), None) => RunningVersion::Known(version),
        (None, Some(one), Some(two)) => {
            RunningVersion::Several([one, two].into_iter().chain(known).map(|v| v.to_string()).collect())
        }
    })
}

/// The version that an image stands for; `None` = unknown.
async fn read(
    context: ObserveContext<'_>,
    follows: &VersionKey,
    template: &Template,
    image: &ImageRef,
    digest: Option<Digest>,
    ask_registry: bool,
) -> Result<Option<Version>, String> {
    let extract = |text: &str| template.extract(follows, &context.spec.versions, text);
    let written = extract(unpinned(image));
    if let Some(version) = written.as_ref().filter(|version| version.is_ordered()) {
        return Ok(Some(version.clone()));
    }
    let Some(digest) = digest.filter(|_| ask_registry) else { return Ok(None) };
    let repository = image.repository();
    let tags = context.read(|cloud| cloud.tags_of(repository, &digest)).await;
    let tags = tags.map_err(|error| error.to_string())?;
    let versions = tags.iter().filter_map(|tag| extract(&format!("{repository}:{tag}")));
    // Newest first: the registry's order.
    Ok(versions.into_iter().find(Version::is_ordered))
}

/// The digest that the running containers pulled, if all of them pulled the same.
fn digest(live: &[&Task], container: &ContainerName) -> Option<Digest> {
    let found = live.iter().flat_map(|task| &task.containers).filter(|found| found.name == *container);
    let digests: BTreeSet<&Digest> = found.filter_map(|found| found.digest.as_ref()).collect();
    let mut digests = digests.into_iter();
    digests.next().filter(|_| digests.next().is_none()).cloned()
}

/// The image as it was written, without the digest that pins it.
pub(super) fn unpinned(image: &ImageRef) -> &str {
    let text = image.as_str();
    text.split_once('@').map_or(text, |(written, _)| written)
}

fn short(arn: &str) -> String {
    arn.rsplit('/').next().unwrap_or(arn).to_owned()
}
