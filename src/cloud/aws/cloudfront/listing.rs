//! The account's distributions: those that a declaration names, and those that call a function.

use std::collections::BTreeMap;

use aws_sdk_cloudfront::types::{self, EventType};

use super::super::arn::last;
use super::super::operation::Operation;
use super::super::session::Session;
use super::super::trace::traced;
use crate::cloud::{Association, CloudError, Distribution, Family, Origin};

const PAGES_MAX: usize = 50;

/// One request for a hundred distributions of the account, to the end of those that are named.
pub(in super::super) async fn distributions(
    session: &Session,
    names: &[String],
) -> Result<BTreeMap<String, Distribution>, CloudError> {
    Ok(listed(session, names, None).await?.0)
}

/// One request for a hundred distributions of the account.
pub(in super::super) async fn distributions_and_callers(
    session: &Session,
    names: &[String],
    function: &str,
) -> Result<(BTreeMap<String, Distribution>, Vec<Distribution>), CloudError> {
    listed(session, names, Some(function)).await
}

/// The list has everything that is needed, aliases included.
/// <https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DistributionSummary.html>
async fn listed(
    session: &Session,
    names: &[String],
    function: Option<&str>,
) -> Result<(BTreeMap<String, Distribution>, Vec<Distribution>), CloudError> {
    let resource = names.join(" ");
    let operation = Operation::new("cloudfront:ListDistributions", Family::Edge, &resource);
    let (mut found, mut callers, mut marker) = (BTreeMap::new(), Vec::new(), None);
    for _ in 0..PAGES_MAX {
        let request = session.clients.edge.read.list_distributions().set_marker(marker.take());
        let answer = session.calls.read(operation, traced!(request)).await?;
        let Some(list) = answer.distribution_list else { return Ok((found, callers)) };
        for summary in list.items() {
            let distribution = read(summary);
            let is = |name: &&String| {
                **name == distribution.id || distribution.aliases.iter().any(|a| a.eq_ignore_ascii_case(name))
            };
            for name in names.iter().filter(is) {
                found.insert(name.clone(), distribution.clone());
            }
            let calls =
                |behaviour: &Association| function.is_some() && behaviour.function.as_deref() == function;
            if distribution.behaviours.iter().any(calls) {
                callers.push(distribution);
            }
        }
        marker = list.next_marker().filter(|_| list.is_truncated()).map(str::to_owned);
        let is_whole = function.is_none() && found.len() == names.len();
        if marker.is_none() || is_whole {
            return Ok((found, callers));
        }
    }
    Err(operation.endless_list())
}

fn read(summary: &types::DistributionSummary) -> Distribution {
    let default = summary.default_cache_behavior().map(|behaviour| {
        association("*", behaviour.function_associations(), behaviour.lambda_function_associations())
    });
    let others = summary.cache_behaviors().map(|behaviours| behaviours.items()).unwrap_or_default();
    let others = others.iter().map(|behaviour| {
        let (functions, lambdas) =
            (behaviour.function_associations(), behaviour.lambda_function_associations());
        association(behaviour.path_pattern(), functions, lambdas)
    });
    let origins = summary.origins().map(|origins| origins.items()).unwrap_or_default();
    let origins = origins.iter().map(|origin| Origin {
        domain: origin.domain_name().to_owned(),
        path: origin.origin_path().unwrap_or_default().to_owned(),
    });
    let errors = summary.custom_error_responses().map(|errors| errors.items()).unwrap_or_default();
    let pages = errors.iter().filter_map(|error| error.response_page_path()).filter(|path| !path.is_empty());
    Distribution {
        id: summary.id().to_owned(),
        aliases: summary.aliases().map(|aliases| aliases.items().to_vec()).unwrap_or_default(),
        deployed: summary.status() == "Deployed",
        behaviours: default.into_iter().chain(others).collect(),
        origins: origins.collect(),
        error_pages: pages.map(str::to_owned).collect(),
    }
}

fn association(
    path: &str,
    functions: Option<&types::FunctionAssociations>,
    lambdas: Option<&types::LambdaFunctionAssociations>,
) -> Association {
    let functions = functions.map(|functions| functions.items()).unwrap_or_default();
    let ours = functions.iter().find(|function| *function.event_type() == EventType::ViewerRequest);
    let lambdas = lambdas.map(|lambdas| lambdas.items()).unwrap_or_default();
    let at_viewer = |event: &EventType| matches!(event, EventType::ViewerRequest | EventType::ViewerResponse);
    Association {
        path: path.to_owned(),
        // `arn:aws:cloudfront::592217263685:function/maintenance-check`
        function: ours.map(|function| last(function.function_arn()).to_owned()),
        lambda: lambdas.iter().any(|lambda| at_viewer(lambda.event_type())),
    }
}
