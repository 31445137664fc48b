//! What an image means now: ECR through its API, every other registry through the protocol they all speak.

mod ecr;
mod oci;
mod place;
mod tags;
mod token;

#[cfg(test)]
mod tests;

pub(super) use oci::Registries;

use super::session::Session;
use crate::cloud::{CloudError, ImageLookup};
use crate::model::{Digest, ImageRef};
use place::Place;

/// One request, and one more for what is not there: to say which tags are.
pub(super) async fn image(session: &Session, image: &ImageRef) -> Result<ImageLookup, CloudError> {
    match place::of(image.repository()) {
        Place::Ecr { account, region, name } => ecr::look_up(session, &account, &region, &name, image).await,
        Place::Other { host, name } => oci::look_up(session, &host, &name, image).await,
    }
}

/// Version tags that mean this digest, the highest first. One request with ECR; elsewhere a list and one
/// request for each tag that is tried.
pub(super) async fn tags_of(
    session: &Session,
    repository: &str,
    digest: &Digest,
) -> Result<Vec<String>, CloudError> {
    match place::of(repository) {
        Place::Ecr { account, region, name } => ecr::tags_of(session, &account, &region, &name, digest).await,
        Place::Other { host, name } => oci::tags_of(session, &host, &name, digest).await,
    }
}
