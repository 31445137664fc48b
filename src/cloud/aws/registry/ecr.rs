//! ECR: a tag's digest, a digest's tags.

use aws_sdk_ecr::types::{DescribeImagesFilter, ImageDetail, ImageIdentifier, TagStatus};

use super::super::operation::Operation;
use super::super::session::Session;
use super::super::trace::traced;
use super::tags::{highest_first, like};
use crate::cloud::{CloudError, Family, ImageLookup, Kind};
use crate::model::{Digest, ImageRef};

/// Single images and lists of them, in both families of formats: the digest of what the tag points at.
const MANIFESTS: [&str; 4] = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
];
/// Pages of images that are read for tags to suggest.
const PAGES_MAX: usize = 3;

/// An unknown tag is an entry in `failures[]`, or in no list at all.
/// <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchGetImage.html>
pub(super) async fn look_up(
    session: &Session,
    account: &str,
    region: &str,
    name: &str,
    image: &ImageRef,
) -> Result<ImageLookup, CloudError> {
    let operation = Operation::new("ecr:BatchGetImage", Family::Registry, image.as_str());
    let id = ImageIdentifier::builder();
    let id = match image.digest() {
        Some(digest) => id.image_digest(digest.as_str()),
        None => id.image_tag(image.tag().unwrap_or("latest")),
    };
    let request = session.clients.registry(region).batch_get_image().registry_id(account);
    let request = request.repository_name(name).image_ids(id.build());
    let request = request.set_accepted_media_types(Some(MANIFESTS.map(str::to_owned).to_vec()));
    let answer = session.calls.read_if(operation, &["RepositoryNotFoundException"], traced!(request)).await;
    let answer = match answer {
        Ok(Some(answer)) => answer,
        Ok(None) => return Ok(ImageLookup::Missing(Vec::new())),
        Err(error) => return unverified(error),
    };
    let found = answer.images().first().and_then(|image| image.image_id());
    if let Some(digest) = found.and_then(|id| id.image_digest()) {
        return Ok(ImageLookup::Found(Digest::new(digest)));
    }
    let newest = newest_tags(session, account, region, name).await;
    newest.map(|tags| ImageLookup::Missing(like(image.tag().unwrap_or_default(), tags))).or_else(|error| {
        // The image is missing in any case; the tags are only suggestions.
        if error.kind.is_transient() { Err(error) } else { Ok(ImageLookup::Missing(Vec::new())) }
    })
}

/// Without access the image is unverified, which is no failure: ECS pulls with rights of its own.
fn unverified(error: CloudError) -> Result<ImageLookup, CloudError> {
    match error.kind {
        Kind::AccessDenied | Kind::Credentials => Ok(ImageLookup::Unverified(error.to_string())),
        _ => Err(error),
    }
}

async fn newest_tags(
    session: &Session,
    account: &str,
    region: &str,
    name: &str,
) -> Result<Vec<String>, CloudError> {
    let operation = Operation::new("ecr:DescribeImages", Family::Registry, name);
    let (mut found, mut token): (Vec<ImageDetail>, _) = (Vec::new(), None);
    for _ in 0..PAGES_MAX {
        let filter = DescribeImagesFilter::builder().tag_status(TagStatus::Tagged).build();
        let request = session.clients.registry(region).describe_images().registry_id(account);
        let request = request.repository_name(name).filter(filter).set_next_token(token.take());
        let answer = session.calls.read(operation, traced!(request)).await?;
        found.extend(answer.image_details.unwrap_or_default());
        token = answer.next_token;
        if token.is_none() {
            break;
        }
    }
    found.sort_by_key(|image| std::cmp::Reverse(image.image_pushed_at().map(|at| at.secs())));
    Ok(found.into_iter().flat_map(|image| highest_first(image.image_tags.unwrap_or_default())).collect())
}

/// <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImages.html>
pub(super) async fn tags_of(
    session: &Session,
    account: &str,
    region: &str,
    name: &str,
    digest: &Digest,
) -> Result<Vec<String>, CloudError> {
    let resource = format!("{name}@{digest}");
    let operation = Operation::new("ecr:DescribeImages", Family::Registry, &resource);
    let id = ImageIdentifier::builder().image_digest(digest.as_str()).build();
    let request = session.clients.registry(region).describe_images().registry_id(account);
    let request = request.repository_name(name).image_ids(id);
    let gone = ["ImageNotFoundException", "RepositoryNotFoundException"];
    let answer = session.calls.read_if(operation, &gone, traced!(request)).await?;
    let found = answer.and_then(|answer| answer.image_details).unwrap_or_default();
    Ok(highest_first(found.into_iter().flat_map(|image| image.image_tags.unwrap_or_default()).collect()))
}
