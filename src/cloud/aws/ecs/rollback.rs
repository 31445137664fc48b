//! Switching automatic rollbacks, and nothing else of a deployment's configuration.
//!
//! UpdateService takes the configuration as one value. What it makes of a part that is left out is nowhere
//! promised, so the whole of it is sent back as it was read, as text: percentages, hooks, bake times, and
//! whatever else it has that nobody here knows.

use serde_json::{Map, Value, json};

use super::super::operation::Operation;
use super::super::session::Session;
use super::super::trace::traced;
use super::answer::only_missing;
use crate::cloud::{CloudError, Family, Kind, Rollback};
use crate::model::{ClusterName, ServiceName};

/// The service's deployment configuration with these switches. One request.
pub(super) async fn configuration(
    session: &Session,
    cluster: &ClusterName,
    service: &ServiceName,
    rollback: Rollback,
) -> Result<Value, CloudError> {
    let resource = format!("{cluster}/{service}");
    let operation = Operation::new("ecs:DescribeServices", Family::ServiceRead, &resource);
    let request = session.clients.ecs.read.describe_services();
    let request = request.cluster(cluster.as_str()).services(service.as_str());
    let (answer, body) = session.calls.read_raw(operation, traced!(request)).await?;
    only_missing(operation, answer.failures())?;
    let body: Value = serde_json::from_slice(&body)
        .map_err(|error| operation.error(Kind::Unavailable, format!("the answer is no JSON: {error}")))?;
    let found = body.get("services").and_then(|services| services.get(0));
    let found = found.ok_or_else(|| operation.error(Kind::NotFound, "ServiceNotFoundException"))?;
    let configuration = found.get("deploymentConfiguration").cloned().unwrap_or_else(|| json!({}));
    Ok(switched(configuration, rollback))
}

/// Only switches that exist are set: there is nothing to switch off where there is no breaker.
fn switched(mut configuration: Value, rollback: Rollback) -> Value {
    let Rollback { circuit_breaker, alarms } = rollback;
    for (part, on) in [("deploymentCircuitBreaker", circuit_breaker), ("alarms", alarms)] {
        if let Some(part) = configuration.get_mut(part).and_then(Value::as_object_mut) {
            part.insert("rollback".to_owned(), Value::Bool(on));
        }
    }
    configuration
}

/// The body of the UpdateService request.
pub(super) fn request(
    cluster: &ClusterName,
    service: &ServiceName,
    definition: Option<&str>,
    desired: Option<i32>,
    configuration: Value,
) -> Vec<u8> {
    let mut body = Map::new();
    body.insert("cluster".to_owned(), json!(cluster));
    body.insert("service".to_owned(), json!(service));
    if let Some(definition) = definition {
        body.insert("taskDefinition".to_owned(), json!(definition));
    }
    if let Some(desired) = desired {
        body.insert("desiredCount".to_owned(), json!(desired));
    }
    body.insert("deploymentConfiguration".to_owned(), configuration);
    Value::Object(body).to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_switches_change() {
        let before = json!({
            "deploymentCircuitBreaker": {"enable": true, "rollback": true, "threshold": 4},
            "maximumPercent": 150, "minimumHealthyPercent": 50,
            "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 5, "lifecycleHooks": [{"hookTargetArn": "arn"}],
            "somethingNew": {"a": 1},
        });
        let mut expected = before.clone();
        expected["deploymentCircuitBreaker"]["rollback"] = json!(false);
        assert_eq!(switched(before.clone(), Rollback::OFF), expected);
        let on = Rollback { circuit_breaker: true, alarms: true };
        assert_eq!(switched(expected, on), before, "there are no alarms to switch");
        assert_eq!(switched(json!({}), on), json!({}));
    }

    #[test]
    fn what_is_not_asked_for_is_not_sent() {
        let body =
            request(&"graasp-prod".into(), &"graasp".into(), None, Some(0), json!({"maximumPercent": 200}));
        let body: Value = serde_json::from_slice(&body).unwrap();
        let expected = json!({
            "cluster": "graasp-prod", "service": "graasp", "desiredCount": 0,
            "deploymentConfiguration": {"maximumPercent": 200},
        });
        assert_eq!(body, expected);
    }
}
