//! The digest behind an image's tag: ECR through its own API, every other registry through the OCI protocol.

mod ecr;
mod location;
mod oci;
mod tags;
mod token;

#[cfg(test)]
mod tests;

use super::session::Session;
use crate::cloud::{CloudError, ImageLookup};
use crate::model::{Digest, ImageRef};
use location::Location;

/// One request; one more when the image does not exist, to name the tags that do.
pub(super) async fn image(session: &Session, image: &ImageRef) -> Result<ImageLookup, CloudError> {
    match location::of(image.repository()) {
        Location::Ecr { account, region, name } => {
            ecr::look_up(session, &account, &region, &name, image).await
        }
        Location::Other { host, name } => oci::look_up(session, &host, &name, image).await,
    }
}

/// Version tags that point at this digest, the highest first. ECR: one request. Other registries: one for the list,
/// and one for each tag that is tried.
pub(super) async fn tags_of(
    session: &Session,
    repository: &str,
    digest: &Digest,
) -> Result<Vec<String>, CloudError> {
    match location::of(repository) {
        Location::Ecr { account, region, name } => {
            ecr::tags_of(session, &account, &region, &name, digest).await
        }
        Location::Other { host, name } => oci::tags_of(session, &host, &name, digest).await,
    }
}
