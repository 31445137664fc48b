//! S3: releases of sites and the buckets that serve them.
//!
//! A bucket may be in another region than the environment: one bucket of releases serves all of them.
//! Conditional writes keep two writers of a marker apart.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html>

#[cfg(test)]
mod tests;

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumMode, ChecksumType, Delete, ObjectIdentifier};

use super::clients::Pair;
use super::error::Access;
use super::operation::Operation;
use super::session::Session;
use super::trace::traced;
use crate::cloud::{CloudError, Family, Kind, Marker, Object, ObjectHead, ObjectHeaders};

/// Key of the marker, below the site's prefix. The marker has versions and names of public files, and no secret.
const MARKER: &str = ".tidegate-site.json";
/// Ten million objects.
const PAGES_MAX: usize = 10_000;
/// A marker names every file of three releases; a larger object is not a marker.
const MARKER_BYTES_MAX: i64 = 64 * 1024 * 1024;

/// A client for the bucket's own region. One request, the first time.
///
/// Every answer has the header with the region, also a refusal.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html>
async fn client(session: &Session, bucket: &str) -> Result<Pair<aws_sdk_s3::Client>, CloudError> {
    if let Some(region) = session.caches.buckets.get(bucket) {
        return Ok(session.clients.storage(&region));
    }
    let home = session.clients.region();
    let operation = Operation::new("s3:HeadBucket", Family::Storage, bucket);
    let request = session.clients.storage(home).read.head_bucket().bucket(bucket);
    let (answer, region) = session.calls.read_header(operation, REGION, traced!(request)).await;
    let region = match (answer, region) {
        (Err(failed), _) if failed.error.kind == Kind::NotFound => return Err(failed.error),
        (_, Some(region)) => region,
        (Ok(_), None) => home.to_owned(),
        (Err(failed), None) => return Err(failed.error),
    };
    session.caches.buckets.put(bucket.to_owned(), region.clone());
    Ok(session.clients.storage(&region))
}

const REGION: &str = "x-amz-bucket-region";

/// One request.
pub(super) async fn site_marker(
    session: &Session,
    bucket: &str,
    prefix: &str,
) -> Result<Option<(Marker, String)>, CloudError> {
    let key = format!("{prefix}{MARKER}");
    let resource = format!("{bucket}/{key}");
    let operation = Operation::new("s3:GetObject", Family::Storage, &resource);
    let request = client(session, bucket).await?.read.get_object().bucket(bucket).key(&key);
    let answer = session.calls.read_if(operation, &["NoSuchKey"], traced!(request)).await?;
    let Some(answer) = answer else { return Ok(None) };
    let etag = answer.e_tag().map(str::to_owned);
    let etag = etag.ok_or_else(|| operation.error(Kind::Unavailable, "the marker has no ETag"))?;
    if answer.content_length().is_some_and(|length| length > MARKER_BYTES_MAX) {
        return Err(operation.error(Kind::Invalid, format!("{key} is too large to be a marker")));
    }
    let body = answer.body.collect().await;
    let body = body.map_err(|error| operation.error(Kind::Unavailable, error.to_string()))?.into_bytes();
    let marker = serde_json::from_slice(&body).map_err(|error| {
        operation.error(Kind::Invalid, format!("{key} is not a marker that tidegate wrote: {error}"))
    })?;
    Ok(Some((marker, etag)))
}

/// One request. A marker that someone else deleted or wrote in the meantime is a conflict: read again.
pub(super) async fn put_site_marker(
    session: &Session,
    (bucket, prefix): (&str, &str),
    marker: &Marker,
    etag: Option<&str>,
) -> Result<(), CloudError> {
    let key = format!("{prefix}{MARKER}");
    let resource = format!("{bucket}/{key}");
    let operation = Operation::new("s3:PutObject", Family::Storage, &resource);
    let body = serde_json::to_vec(marker).expect("a marker is made of text and numbers");
    let request = client(session, bucket).await?.write.put_object().bucket(bucket).key(&key);
    let request = request.content_type("application/json").cache_control("no-store");
    let request = match etag {
        Some(etag) => request.if_match(etag),
        None => request.if_none_match("*"),
    };
    match session.calls.write(operation, traced!(request.body(ByteStream::from(body)))).await {
        Ok(_) => Ok(()),
        Err(failed) if failed.is(&["NoSuchKey"]) => Err(CloudError { kind: Kind::Conflict, ..failed.error }),
        Err(failed) => Err(failed.error),
    }
}

/// One request for a thousand objects.
pub(super) async fn objects(
    session: &Session,
    bucket: &str,
    prefix: &str,
) -> Result<Vec<Object>, CloudError> {
    let resource = format!("{bucket}/{prefix}");
    let operation = Operation::new("s3:ListObjectsV2", Family::Storage, &resource);
    let client = client(session, bucket).await?.read;
    let (mut found, mut token) = (Vec::new(), None);
    for _ in 0..PAGES_MAX {
        let request = client.list_objects_v2().bucket(bucket).prefix(prefix);
        let answer =
            session.calls.read(operation, traced!(request.set_continuation_token(token.take()))).await?;
        found.extend(answer.contents().iter().filter_map(|object| {
            let key = object.key()?.strip_prefix(prefix)?;
            // The console creates an empty object for a folder; it is not a file of a site.
            // A release that was copied out of a served bucket may hold a marker: it is none of its files.
            let is_file = !key.is_empty() && !key.ends_with('/') && key != MARKER;
            is_file.then(|| Object {
                key: key.to_owned(),
                etag: object.e_tag().unwrap_or_default().to_owned(),
                size: object.size().and_then(|size| u64::try_from(size).ok()).unwrap_or_default(),
            })
        }));
        token = answer.next_continuation_token().map(str::to_owned);
        if token.is_none() {
            return Ok(found);
        }
    }
    Err(operation.endless_list())
}

/// One request. The permission is that of GetObject; with `checksum-mode`, a key of KMS must allow Decrypt, too.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html>
pub(super) async fn head(
    session: &Session,
    bucket: &str,
    key: &str,
) -> Result<Option<ObjectHead>, CloudError> {
    let resource = format!("{bucket}/{key}");
    let operation = Operation::new("s3:HeadObject", Family::Storage, &resource);
    let request = client(session, bucket).await?.read.head_object().bucket(bucket).key(key);
    let request = request.checksum_mode(ChecksumMode::Enabled);
    let answer = session.calls.read_if(operation, &["NotFound", "NoSuchKey"], traced!(request)).await?;
    let Some(answer) = answer else { return Ok(None) };
    let text = |text: Option<&str>| text.map(str::to_owned);
    let headers = ObjectHeaders {
        content_type: text(answer.content_type()),
        cache_control: text(answer.cache_control()),
        content_encoding: text(answer.content_encoding()),
        content_disposition: text(answer.content_disposition()),
        content_language: text(answer.content_language()),
        expires: text(answer.expires_string()),
    };
    // Of an object in parts, a composite checksum depends on where it was cut.
    let is_whole = answer.checksum_type() == Some(&ChecksumType::FullObject);
    let checksums = [
        ("SHA256", answer.checksum_sha256()),
        ("CRC64NVME", answer.checksum_crc64_nvme()),
        ("SHA1", answer.checksum_sha1()),
        ("CRC32C", answer.checksum_crc32_c()),
        ("CRC32", answer.checksum_crc32()),
    ];
    let checksum = checksums
        .into_iter()
        .filter(|_| is_whole)
        .find_map(|(algorithm, value)| Some(format!("{algorithm}:{}", value?)));
    Ok(Some(ObjectHead { headers, checksum }))
}

/// One request. Metadata, content type and cache headers are copied unless they are replaced. A redirect of a website
/// endpoint is not.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>
pub(super) async fn copy(
    session: &Session,
    from: (&str, &str),
    to: (&str, &str),
) -> Result<String, CloudError> {
    let resource = format!("{}/{}", to.0, to.1);
    let operation = Operation::new("s3:CopyObject", Family::Storage, &resource);
    let request = client(session, to.0).await?.write.copy_object().bucket(to.0).key(to.1);
    let request = request.copy_source(format!("{}/{}", from.0, encoded(from.1)));
    let answer = session.calls.write(operation, traced!(request)).await?;
    Ok(answer.copy_object_result().and_then(|copy| copy.e_tag()).unwrap_or_default().to_owned())
}

/// The source is sent in a header and must be URL-encoded, except for slashes.
fn encoded(key: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte);
    key.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// One request. An answer with HTTP 200 may still name keys that could not be deleted.
pub(super) async fn delete(session: &Session, bucket: &str, keys: &[String]) -> Result<(), CloudError> {
    if keys.is_empty() {
        return Ok(());
    }
    let operation = Operation::new("s3:DeleteObjects", Family::Storage, bucket);
    let wrong = |error: aws_smithy_types::error::operation::BuildError| {
        operation.error(Kind::Invalid, error.to_string())
    };
    let identifiers = keys.iter().map(|key| ObjectIdentifier::builder().key(key).build());
    let identifiers = identifiers.collect::<Result<_, _>>().map_err(wrong)?;
    let batch = Delete::builder().set_objects(Some(identifiers)).quiet(true).build().map_err(wrong)?;
    let request = client(session, bucket).await?.write.delete_objects().bucket(bucket).delete(batch);
    let answer = session.calls.write(operation, traced!(request)).await?;
    match answer.errors().first() {
        None => Ok(()),
        Some(first) => {
            let said = format!("{} keys, such as {}", answer.errors().len(), first.key().unwrap_or("?"));
            Err(operation.refused(Access::Write, 200, first.code(), Some(&said)))
        }
    }
}
