//! Whether a file of a release is the one that the bucket has: by content, and by what S3 sends with it.
//!
//! A listing shows sizes and ETags, and no headers. So each file that both sides have with the same size costs two
//! HeadObject, one for either side, once a release and before the gate closes: a site of 2,000 files makes 4,000 requests
//! in some seconds, for less than a fifth of a cent. Nothing is asked about a file that only one side has, or with
//! another size.
//!
//! Equal are contents with equal ETags, or with equal checksums: with SSE-KMS, SSE-C and multipart uploads the ETag of a
//! copy differs from that of its source. S3 computes a checksum of every upload since December 2024; an older object
//! without one is copied once more.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html>
//!
//! Equal headers are an equal Content-Type, Cache-Control, Content-Encoding, Content-Disposition, Content-Language and
//! Expires. User metadata (`x-amz-meta-…`) goes along with a copy and does not cause one: tools keep there when a file was
//! uploaded, and every file would be copied with every release. Tags, storage classes and redirects of website endpoints
//! are not compared.

use futures_util::StreamExt;
use futures_util::future::join;
use futures_util::stream;

use super::sync::SiteSync;
use crate::cloud::{CloudError, Comparison, Kind, Object, ObjectHead};
use crate::execute::context::ActionContext;
use crate::execute::error::ActionError;

/// Pairs of requests side by side.
const ASKED_AT_ONCE_MAX: usize = 16;

/// Compares every file of the release with the bucket's file of the same name.
pub(super) async fn compare(
    context: &ActionContext<'_>,
    id: &str,
    sync: &SiteSync<'_>,
) -> Result<Comparison, ActionError> {
    let mut compared = Comparison::default();
    let mut pairs = Vec::new();
    for object in &sync.source {
        let Some(there) = sync.there.get(&object.key) else { continue };
        if object.size == there.size {
            pairs.push((object, there));
        } else {
            compared.replaces.insert(object.key.clone());
        }
    }
    let count = pairs.len();
    let heads = pairs.into_iter().map(|(object, there)| async move {
        let (source, target) = (format!("{}{}", sync.from.1, object.key), sync.key(&object.key));
        let heads =
            join(head(context, sync.from.0, &source), head(context, &sync.site.bucket, &target)).await;
        (object, there, heads)
    });
    let mut heads = stream::iter(heads).buffer_unordered(ASKED_AT_ONCE_MAX);
    let (mut done, mut unread) = (0, None);
    while let Some((object, there, (source, target))) = heads.next().await {
        let is_same = match (source?, target?) {
            (Head::Read(source), Head::Read(target)) => is_same(object, there, &source, &target),
            (Head::Gone, _) | (_, Head::Gone) => false,
            (Head::Denied(why), _) | (_, Head::Denied(why)) => {
                unread = Some(why);
                false
            }
        };
        if !is_same {
            compared.replaces.insert(object.key.clone());
        } else if object.etag != there.etag {
            let etags = (object.etag.clone(), there.etag.clone());
            compared.same.insert(object.key.clone(), etags);
        }
        done += 1;
        if done % 100 == 0 {
            context.progress.action_progress(id, &format!("compared {done}/{count} files"));
        }
    }
    if let Some(why) = unread {
        let text =
            format!("every file that both sides have is copied, because headers could not be read: {why}");
        tracing::warn!(action = id, "{text}");
        context.progress.action_progress(id, &text);
    }
    Ok(compared)
}

enum Head {
    Read(ObjectHead),
    /// Deleted since it was listed.
    Gone,
    /// An older policy without `s3:GetObject` on the site's files must not hold a release back. A copy needs no
    /// comparison, and is right in any case.
    Denied(String),
}

async fn head(context: &ActionContext<'_>, bucket: &str, key: &str) -> Result<Head, ActionError> {
    match context.read(|| context.cloud.object_head(bucket, key)).await {
        Ok(Some(head)) => Ok(Head::Read(head)),
        Ok(None) => Ok(Head::Gone),
        Err(ActionError::Cloud(error @ CloudError { kind: Kind::AccessDenied, .. })) => {
            Ok(Head::Denied(error.to_string()))
        }
        Err(error) => Err(error),
    }
}

fn is_same(object: &Object, there: &Object, source: &ObjectHead, target: &ObjectHead) -> bool {
    let by_checksum = source.checksum.is_some() && source.checksum == target.checksum;
    (object.etag == there.etag || by_checksum) && source.headers == target.headers
}
