//! Closing and opening the gate: rules of the load balancer, code of the CloudFront function.
//!
//! Neither API has transactions, and rules have no ETag: read, compare, write, read back, until it holds.
//!
//! **Order.** A request that a closed rule turns away falls to the next matching rule. Rules are closed from
//! the last priority to the first and opened from the first to the last, so that at every moment a request
//! goes where it went before or where it will go in the end, never to a rule that was not meant for it.

mod outside;

use std::time::Duration;

pub(super) use outside::verify;
use secrecy::SecretString;

use super::context::ActionContext;
use super::error::ActionError;
use crate::cloud::{CloudError, Function, Kind, Rule, tag};
use crate::gate;
use crate::model::{Gate, RuleArn};
use crate::spec::Maintenance;

/// Rules and functions can be read back within seconds; a longer wait means that another process writes them, too.
const GATE_MAX: Duration = Duration::from_secs(120);
/// A change of a distribution reaches every edge within minutes.
/// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/HowToUpdateDistribution.html>
const DEPLOY_MAX: Duration = Duration::from_secs(30 * 60);

/// Closes: no request without the header gets through these rules and this function.
pub(super) async fn close(
    context: &ActionContext<'_>,
    id: &str,
    rules: &[RuleArn],
    function: bool,
) -> Result<(), ActionError> {
    let maintenance = context.maintenance()?;
    // A gate that must be closed closes without the secret, too: with a random value. As soon as the secret
    // can be read, it replaces that value.
    let secret = match secret(context, maintenance).await {
        Err(ActionError::Cloud(_) | ActionError::Refused(_)) => unknown_secret(),
        secret => secret?,
    };
    close_rules(context, id, maintenance, rules, &secret).await?;
    if function {
        set_code(context, id, maintenance, Gate::Closed, &secret).await?;
    }
    Ok(())
}

/// Opens: our conditions and our tags go, everything else of each rule stays.
pub(super) async fn open(
    context: &ActionContext<'_>,
    id: &str,
    rules: &[RuleArn],
    function: bool,
) -> Result<(), ActionError> {
    let maintenance = context.maintenance()?;
    open_rules(context, id, maintenance, rules).await?;
    if function {
        // The open code holds no secret: none is read for it.
        set_code(context, id, maintenance, Gate::Open, &SecretString::default()).await?;
    }
    Ok(())
}

/// Associates the function with every behaviour of a distribution, once it has code of ours to serve.
pub(super) async fn associate(
    context: &ActionContext<'_>,
    id: &str,
    distribution: &str,
) -> Result<(), ActionError> {
    let maintenance = context.maintenance()?;
    let Some(cloudfront) = &maintenance.cloudfront else {
        return Err(ActionError::refused("the repository no longer declares a CloudFront function"));
    };
    let name = &cloudfront.function;
    let function = context.read(|| context.cloud.function(name)).await?;
    let is_ours =
        function.and_then(|function| function.live).is_some_and(|code| gate::recognise(&code).is_some());
    if !is_ours {
        set_code(context, id, maintenance, Gate::Open, &SecretString::default()).await?;
    }
    let ids = [distribution.to_owned()];
    let mut wait = context.wait(id, format!("the distribution `{distribution}` to be deployed"), DEPLOY_MAX);
    loop {
        let found = context.read(|| context.cloud.distributions(&ids)).await?.remove(distribution);
        let found = found.ok_or_else(|| {
            ActionError::refused(format!("the distribution `{distribution}` does not exist"))
        })?;
        if found.behaviours.iter().any(|behaviour| behaviour.function.as_ref() != Some(name)) {
            context.write(|| context.cloud.associate_function(distribution, name)).await?;
        } else if found.deployed {
            return Ok(());
        }
        wait.pause("being deployed to every edge").await?;
    }
}

async fn close_rules(
    context: &ActionContext<'_>,
    id: &str,
    maintenance: &Maintenance,
    rules: &[RuleArn],
    secret: &SecretString,
) -> Result<(), ActionError> {
    let header = &maintenance.bypass.header;
    let mut wait = context.wait(id, "the rules to be closed", GATE_MAX);
    let mut written = false;
    loop {
        let found = listener_rules(context, maintenance, rules).await?;
        let mut open: Vec<&Rule> = chosen(&found, rules)
            .filter(|rule| !gate::is_ours(rule) || !gate::is_closed(rule, header, secret))
            .collect();
        open.sort_by_key(|rule| std::cmp::Reverse(rule.priority));
        if open.is_empty() {
            return Ok(());
        }
        // What is written was read a moment ago, never before a pause: another process may write, too.
        if std::mem::take(&mut written) {
            wait.pause(&format!("{} rules still open", open.len())).await?;
            continue;
        }
        for rule in open {
            if !gate::is_ours(rule) && rule.conditions.iter().any(|condition| condition.is_header(header)) {
                return Err(ActionError::refused(format!(
                    "rule {} already has a condition on header `{header}` that tidegate did not add; not changing it",
                    rule.priority
                )));
            }
            // The tag first: a condition without it would count as someone else's and stay forever.
            let tagged =
                context.write(|| context.cloud.tag_rule(&rule.arn, tag::GATE, Some(gate::TAG_VALUE)));
            unless_gone(tagged.await)?;
            let conditions = gate::closed_conditions(&rule.conditions, header, secret);
            unless_gone(context.write(|| context.cloud.set_rule_conditions(&rule.arn, &conditions)).await)?;
        }
        written = true;
    }
}

async fn open_rules(
    context: &ActionContext<'_>,
    id: &str,
    maintenance: &Maintenance,
    rules: &[RuleArn],
) -> Result<(), ActionError> {
    let header = &maintenance.bypass.header;
    let mut wait = context.wait(id, "the rules to be open", GATE_MAX);
    let mut written = false;
    loop {
        let found = listener_rules(context, maintenance, rules).await?;
        let mut closed: Vec<&Rule> = chosen(&found, rules).filter(|rule| gate::is_ours(rule)).collect();
        closed.sort_by_key(|rule| rule.priority);
        if closed.is_empty() {
            return Ok(());
        }
        if std::mem::take(&mut written) {
            wait.pause(&format!("{} rules still closed", closed.len())).await?;
            continue;
        }
        for rule in closed {
            let conditions = gate::open_conditions(&rule.conditions, header);
            if conditions.is_empty() {
                return Err(ActionError::refused(format!(
                    "opening rule {} would remove its last condition, so it would match all requests",
                    rule.priority
                )));
            }
            if conditions != rule.conditions {
                unless_gone(
                    context.write(|| context.cloud.set_rule_conditions(&rule.arn, &conditions)).await,
                )?;
            }
            unless_gone(context.write(|| context.cloud.tag_rule(&rule.arn, tag::GATE, None)).await)?;
        }
        written = true;
    }
}

/// A rule that was deleted between the read and the call needs no change; the next read shows that it is gone.
fn unless_gone(answer: Result<(), ActionError>) -> Result<(), ActionError> {
    match answer {
        Err(ActionError::Cloud(CloudError { kind: Kind::NotFound, .. })) => Ok(()),
        answer => answer,
    }
}

/// The rules that are meant and exist. A rule that was deleted meanwhile lets no request through.
fn chosen<'l>(found: &'l [Rule], meant: &'l [RuleArn]) -> impl Iterator<Item = &'l Rule> {
    found.iter().filter(|rule| meant.contains(&rule.arn))
}

/// The listener's rules as they are; nothing is read when no rule is meant.
async fn listener_rules(
    context: &ActionContext<'_>,
    maintenance: &Maintenance,
    rules: &[RuleArn],
) -> Result<Vec<Rule>, ActionError> {
    if rules.is_empty() {
        return Ok(Vec::new());
    }
    let Some(target) = &maintenance.load_balancer else {
        return Err(ActionError::refused("the repository no longer declares a load balancer"));
    };
    let found = context.read(|| context.cloud.listener(target)).await?;
    let found = found.ok_or_else(|| {
        ActionError::refused(format!("`{}` has no listener on port {}", target.name, target.port))
    })?;
    Ok(found.rules)
}

/// Writes and publishes the function's code until the LIVE stage holds it. A stale ETag means that
/// another process wrote meanwhile: read again.
async fn set_code(
    context: &ActionContext<'_>,
    id: &str,
    maintenance: &Maintenance,
    gate: Gate,
    secret: &SecretString,
) -> Result<(), ActionError> {
    let Some(cloudfront) = &maintenance.cloudfront else {
        return Err(ActionError::refused("the repository no longer declares a CloudFront function"));
    };
    let name = &cloudfront.function;
    let code = gate::write_code(gate, &maintenance.page, &maintenance.bypass.header, secret);
    let mut wait = context.wait(id, format!("the function `{name}` to be {gate}"), GATE_MAX);
    let mut tried: Option<String> = None;
    loop {
        let found = context.read(|| context.cloud.function(name)).await?;
        if found.as_ref().is_some_and(|function| function.live.as_deref() == Some(&code)) {
            return Ok(());
        }
        // As with rules: an ETag that was read before a pause would only be refused.
        if let Some(seen) = tried.take() {
            wait.pause(&seen).await?;
            continue;
        }
        let foreign = found.as_ref().map(gate::foreign_code).unwrap_or_default();
        if let Some(code) = foreign.first().filter(|code| !cloudfront.replaces(&code.sha256)) {
            return Err(ActionError::refused(format!(
                "the function `{name}` holds code that tidegate did not write ({}, {} bytes, sha256 {}); not overwriting it",
                code.stage, code.bytes, code.sha256
            )));
        }
        tried = Some(match publish(context, name, found.as_ref(), &code).await {
            Ok(()) => "published".to_owned(),
            Err(ActionError::Cloud(error))
                if error.kind.is_transient() || error.kind == Kind::InvalidState =>
            {
                error.message
            }
            Err(error) => return Err(error),
        });
    }
}

async fn publish(
    context: &ActionContext<'_>,
    name: &str,
    found: Option<&Function>,
    code: &str,
) -> Result<(), ActionError> {
    context.journal.verify()?;
    let etag = match found {
        Some(function) if function.development == code => function.etag.clone(),
        _ => context.cloud.put_function(name, found.map(|function| function.etag.as_str()), code).await?,
    };
    context.journal.verify()?;
    Ok(context.cloud.publish_function(name, &etag).await?)
}

/// 64 hexadecimal digits that are kept nowhere but in the closed gate.
fn unknown_secret() -> SecretString {
    let half = || uuid::Uuid::new_v4().simple().to_string();
    SecretString::from(half() + &half())
}

async fn secret(context: &ActionContext<'_>, maintenance: &Maintenance) -> Result<SecretString, ActionError> {
    let secret = context.read(|| context.cloud.secret(&maintenance.bypass.value_from)).await?;
    gate::check_secret(&secret)
        .map_err(|why| ActionError::refused(format!("the bypass secret cannot be used: {why}")))?;
    Ok(secret)
}

#[cfg(test)]
mod tests;
