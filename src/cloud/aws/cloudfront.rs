//! CloudFront: the gate's function, the distributions that call it, invalidations. One API for all regions.

mod association;
mod listing;
mod xml;

#[cfg(test)]
mod tests;

pub(super) use listing::{distributions, distributions_and_callers};

use aws_sdk_cloudfront::types::{
    self, FunctionConfig, FunctionRuntime, FunctionStage, InvalidationBatch, Paths,
};
use aws_smithy_types::Blob;

use super::operation::Operation;
use super::session::Session;
use super::trace::traced;
use crate::cloud::{CloudError, Family, Function, Kind};

/// The console shows it beside the function.
const COMMENT: &str = "maintenance gate, written by tidegate";

/// One request while the LIVE stage has not changed; two otherwise.
///
/// The kept DEVELOPMENT stage may then be stale. A write quotes its ETag, so AWS refuses a write on a stale stage, and
/// the caller reads again. Every write empties the cache for the function.
pub(super) async fn function(session: &Session, name: &str) -> Result<Option<Function>, CloudError> {
    let live = stage(session, name, FunctionStage::Live).await?;
    if let Some((etag, _)) = &live
        && let Some((_, known)) = session.caches.functions.get(name).filter(|(known, _)| known == etag)
    {
        return Ok(Some(known));
    }
    let Some((etag, development)) = stage(session, name, FunctionStage::Development).await? else {
        return Ok(None);
    };
    let (live_etag, live) = live.unzip();
    let function = Function { name: name.to_owned(), etag, development, live };
    if let Some(live_etag) = live_etag {
        session.caches.functions.put(name.to_owned(), (live_etag, function.clone()));
    }
    Ok(Some(function))
}

/// The ETag and the code of a stage. A function that was never published has no LIVE stage.
async fn stage(
    session: &Session,
    name: &str,
    stage: FunctionStage,
) -> Result<Option<(String, String)>, CloudError> {
    let operation = Operation::new("cloudfront:GetFunction", Family::Edge, name);
    let request = session.clients.edge.read.get_function().name(name).stage(stage);
    let answer = session.calls.read_if(operation, &["NoSuchFunctionExists"], traced!(request)).await?;
    let Some(answer) = answer else { return Ok(None) };
    let code = answer.function_code().map(|code| String::from_utf8_lossy(code.as_ref()).into_owned());
    let etag = answer.e_tag().ok_or_else(|| operation.error(Kind::Unavailable, "the answer has no ETag"))?;
    Ok(Some((etag.to_owned(), code.unwrap_or_default())))
}

/// One request.
pub(super) async fn function_comment(session: &Session, name: &str) -> Result<Option<String>, CloudError> {
    let operation = Operation::new("cloudfront:DescribeFunction", Family::Edge, name);
    let request = session.clients.edge.read.describe_function().name(name).stage(FunctionStage::Development);
    let answer = session.calls.read_if(operation, &["NoSuchFunctionExists"], traced!(request)).await?;
    let config = answer.and_then(|answer| answer.function_summary).and_then(|found| found.function_config);
    Ok(config.map(|config| config.comment().to_owned()))
}

/// One request to create; two to update. An update keeps the function's configuration except its runtime.
pub(super) async fn put_function(
    session: &Session,
    name: &str,
    etag: Option<&str>,
    code: &str,
) -> Result<String, CloudError> {
    session.caches.functions.forget(name);
    let blob = Blob::new(code.as_bytes());
    let edge = &session.clients.edge;
    let Some(etag) = etag else {
        let operation = Operation::new("cloudfront:CreateFunction", Family::Edge, name).secret();
        let config = config(operation, COMMENT, None)?;
        let request = edge.write.create_function().name(name).function_config(config).function_code(blob);
        let answer = session.calls.write(operation, traced!(request)).await?;
        return answer.e_tag.ok_or_else(|| operation.error(Kind::AnswerLost, "the answer has no ETag"));
    };
    let before = describe(session, name, FunctionStage::Development).await?;
    let before = before.function_config();
    let operation = Operation::new("cloudfront:UpdateFunction", Family::Edge, name).secret();
    let comment = before.map_or(COMMENT, |before| before.comment());
    let stores = before.and_then(|before| before.key_value_store_associations().cloned());
    let config = config(operation, comment, stores)?;
    let request = edge.write.update_function().name(name).if_match(etag);
    let request = request.function_config(config).function_code(blob);
    // The API's own description misspells this one header (`ETtag`), so the SDK may not find it.
    let (answer, header) = session.calls.write_header(operation, "etag", traced!(request)).await?;
    answer.e_tag.or(header).ok_or_else(|| operation.error(Kind::AnswerLost, "the answer has no ETag"))
}

/// The code is written for the newer runtime.
/// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-javascript-runtime-20.html>
fn config(
    operation: Operation<'_>,
    comment: &str,
    stores: Option<types::KeyValueStoreAssociations>,
) -> Result<FunctionConfig, CloudError> {
    let config = FunctionConfig::builder().comment(comment).runtime(FunctionRuntime::CloudfrontJs20);
    let config = config.set_key_value_store_associations(stores).build();
    config.map_err(|error| operation.error(Kind::Invalid, error.to_string()))
}

async fn describe(
    session: &Session,
    name: &str,
    stage: FunctionStage,
) -> Result<types::FunctionSummary, CloudError> {
    let operation = Operation::new("cloudfront:DescribeFunction", Family::Edge, name);
    let request = session.clients.edge.read.describe_function().name(name).stage(stage);
    let answer = session.calls.read(operation, traced!(request)).await?;
    answer.function_summary.ok_or_else(|| operation.error(Kind::Unavailable, "the answer shows no function"))
}

/// One request.
pub(super) async fn publish_function(session: &Session, name: &str, etag: &str) -> Result<(), CloudError> {
    session.caches.functions.forget(name);
    let operation = Operation::new("cloudfront:PublishFunction", Family::Edge, name).secret();
    let request = session.clients.edge.write.publish_function().name(name).if_match(etag);
    session.calls.write(operation, traced!(request)).await?;
    Ok(())
}

/// Two requests that read, one that writes. The configuration is written back as the text that was read, with only the
/// association added: the SDK's types would drop fields that are newer than the SDK.
pub(super) async fn associate(session: &Session, id: &str, function: &str) -> Result<(), CloudError> {
    let summary = describe(session, function, FunctionStage::Live).await?;
    let operation = Operation::new("cloudfront:GetDistributionConfig", Family::Edge, id);
    let request = session.clients.edge.read.get_distribution_config().id(id);
    let (answer, body) = session.calls.read_raw(operation, traced!(request)).await?;
    let etag = answer.e_tag().ok_or_else(|| operation.error(Kind::Unavailable, "the answer has no ETag"))?;
    let text = std::str::from_utf8(&body)
        .map_err(|_| operation.error(Kind::Unavailable, "the configuration is not UTF-8"))?;
    let arn = summary.function_metadata().map(types::FunctionMetadata::function_arn).unwrap_or_default();
    let operation = Operation::new("cloudfront:UpdateDistribution", Family::Edge, id);
    let changed = association::associate(text, arn).map_err(|why| operation.error(Kind::Invalid, why))?;
    let Some(changed) = changed else { return Ok(()) };
    // The SDK's own body is replaced; the SDK only checks that there is a configuration.
    let request = session.clients.edge.write.update_distribution().id(id).if_match(etag);
    let request = request.set_distribution_config(answer.distribution_config.clone());
    session.calls.write_raw(operation, changed.into_bytes(), traced!(request)).await?;
    Ok(())
}

/// One request.
pub(super) async fn invalidate(session: &Session, id: &str, paths: &[String]) -> Result<(), CloudError> {
    let operation = Operation::new("cloudfront:CreateInvalidation", Family::Edge, id);
    let wrong = |error: aws_smithy_types::error::operation::BuildError| {
        operation.error(Kind::Invalid, error.to_string())
    };
    let quantity = i32::try_from(paths.len()).unwrap_or(i32::MAX);
    let paths = Paths::builder().quantity(quantity).set_items(Some(paths.to_vec())).build().map_err(wrong)?;
    // With a reference that was used before, AWS returns the old invalidation.
    let reference = uuid::Uuid::new_v4().to_string();
    let batch = InvalidationBatch::builder().paths(paths).caller_reference(reference).build();
    let request = session.clients.edge.write.create_invalidation().distribution_id(id);
    let request = request.invalidation_batch(batch.map_err(wrong)?);
    session.calls.write(operation, traced!(request)).await?;
    Ok(())
}
