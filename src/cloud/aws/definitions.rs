//! Task definitions, as text.
//!
//! A revision is read and registered as the JSON that ECS itself writes. The SDK's types would drop every field
//! that is newer than the SDK, silently, and the next release would run without it.
//! <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html>

use aws_sdk_ecs::types::{SortOrder, TaskDefinitionFamilyStatus, TaskDefinitionField, TaskDefinitionStatus};
use serde_json::{Map, Value};

use super::arn::family_of_revision;
use super::operation::Operation;
use super::session::Session;
use super::trace::traced;
use crate::cloud::{CloudError, Document, Family, Kind, TaskDefinition};
use crate::model::FamilyName;

/// What only identifies a revision: RegisterTaskDefinition does not take it.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskDefinition.html>
const IDENTIFYING: [&str; 9] = [
    "taskDefinitionArn",
    "revision",
    "status",
    "requiresAttributes",
    "compatibilities",
    "registeredAt",
    "registeredBy",
    "deregisteredAt",
    "deleteRequestedAt",
];
/// Lists whose order means nothing, and that ECS gives in any order, with what orders them.
const UNORDERED: [&str; 2] = ["environment", "secrets"];
/// Tags that begin so are AWS's own; nobody may set them.
const RESERVED_TAGS: &str = "aws:";
/// Pages of the list of a family's revisions.
const PAGES_MAX: usize = 10;
/// Pages of the list of families; more means that the list goes round in circles.
const FAMILY_PAGES_MAX: usize = 100;

/// One request, the first time.
pub(super) async fn by_arn(session: &Session, arn: &str) -> Result<TaskDefinition, CloudError> {
    if let Some(known) = session.caches.definitions.get(arn) {
        return Ok(known);
    }
    let operation = Operation::new("ecs:DescribeTaskDefinition", Family::DefinitionRead, arn);
    let request = session.clients.ecs.read.describe_task_definition();
    let request = request.task_definition(arn).include(TaskDefinitionField::Tags);
    let (_, body) = session.calls.read_raw(operation, traced!(request)).await?;
    let found = read(&body).map_err(|why| operation.error(Kind::Unavailable, why))?;
    session.caches.definitions.put(found.arn.clone(), found.clone());
    Ok(found)
}

/// One request, and one more for a revision that is new here.
///
/// Not DescribeTaskDefinition by family: when there is none, that answers with a code that may mean anything.
pub(super) async fn newest(
    session: &Session,
    family: &FamilyName,
) -> Result<Option<TaskDefinition>, CloudError> {
    let operation = Operation::new("ecs:ListTaskDefinitions", Family::DefinitionRead, family.as_str());
    let mut token = None;
    for _ in 0..PAGES_MAX {
        let request = session.clients.ecs.read.list_task_definitions().family_prefix(family.as_str());
        let request = request.status(TaskDefinitionStatus::Active).sort(SortOrder::Desc);
        let answer = session.calls.read(operation, traced!(request.set_next_token(token.take()))).await?;
        let newest =
            answer.task_definition_arns().iter().find(|arn| family_of_revision(arn) == family.as_str());
        if let Some(arn) = newest {
            return Ok(Some(by_arn(session, arn).await?));
        }
        token = answer.next_token;
        if token.is_none() {
            return Ok(None);
        }
    }
    Err(operation.endless_list())
}

/// One request for a hundred families.
pub(super) async fn families(session: &Session) -> Result<Vec<FamilyName>, CloudError> {
    let operation = Operation::new("ecs:ListTaskDefinitionFamilies", Family::DefinitionRead, "families");
    let (mut names, mut token) = (Vec::new(), None);
    for _ in 0..FAMILY_PAGES_MAX {
        let request = session.clients.ecs.read.list_task_definition_families();
        let request = request.status(TaskDefinitionFamilyStatus::Active).set_next_token(token.take());
        let answer = session.calls.read(operation, traced!(request)).await?;
        names.extend(answer.families().iter().map(FamilyName::new));
        token = answer.next_token;
        if token.is_none() {
            names.sort();
            return Ok(names);
        }
    }
    Err(operation.endless_list())
}

/// One request. What was registered is compared with what was asked for: a field that ECS has dropped would be
/// missing in what runs, and nobody would know. Such a revision is taken back, or the next try would find it the
/// newest of its family and take it for a template.
pub(super) async fn register(session: &Session, document: &Document) -> Result<TaskDefinition, CloudError> {
    let family = document.expose().get("family").and_then(Value::as_str).unwrap_or("?");
    let hidden = values(document.expose());
    let hidden: Vec<&str> = hidden.iter().map(String::as_str).collect();
    let operation =
        Operation::new("ecs:RegisterTaskDefinition", Family::DefinitionWrite, family).hiding(&hidden);
    let body = document.expose().to_string().into_bytes();
    // The SDK's own body is thrown away: only the family is given to it.
    let request = session.clients.ecs.write.register_task_definition().family(family);
    let (_, answer) = session.calls.write_raw(operation, body, traced!(request)).await?;
    let registered = read(&answer).map_err(|why| operation.error(Kind::AnswerLost, why))?;
    let mut lost = Vec::new();
    compare(document.expose(), registered.document.expose(), "", &mut lost);
    if !lost.is_empty() {
        let message = format!(
            "{} would be without {}: RegisterTaskDefinition does not take that",
            registered.short(),
            lost.join(", ")
        );
        let message = match take_back(session, &registered).await {
            Ok(()) => message,
            Err(error) => format!("{message}; deregister it, or it is the next template ({error})"),
        };
        return Err(operation.error(Kind::Invalid, message));
    }
    session.caches.definitions.put(registered.arn.clone(), registered.clone());
    Ok(registered)
}

/// One request. A revision that nothing runs becomes INACTIVE, and is listed no more.
/// <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeregisterTaskDefinition.html>
async fn take_back(session: &Session, definition: &TaskDefinition) -> Result<(), CloudError> {
    let operation = Operation::new("ecs:DeregisterTaskDefinition", Family::DefinitionWrite, &definition.arn);
    let request = session.clients.ecs.write.deregister_task_definition();
    session.calls.write(operation, traced!(request.task_definition(&definition.arn))).await?;
    Ok(())
}

/// The answer of DescribeTaskDefinition or RegisterTaskDefinition.
fn read(body: &[u8]) -> Result<TaskDefinition, String> {
    let mut body: Value =
        serde_json::from_slice(body).map_err(|error| format!("the answer is no JSON: {error}"))?;
    let tags = body.get_mut("tags").map(Value::take);
    let Some(Value::Object(mut fields)) = body.get_mut("taskDefinition").map(Value::take) else {
        return Err("the answer holds no task definition".to_owned());
    };
    let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (arn, family) = (text("taskDefinitionArn"), FamilyName::new(text("family")));
    let revision = fields.get("revision").and_then(Value::as_u64).and_then(|number| number.try_into().ok());
    let Some(revision) = revision.filter(|_| !arn.is_empty()) else {
        return Err("the answer does not say which revision it is".to_owned());
    };
    fields.retain(|name, _| !IDENTIFYING.contains(&name.as_str()));
    if let Some(Value::Array(tags)) = tags {
        put_tags(&mut fields, tags);
    }
    put_in_order(&mut fields);
    Ok(TaskDefinition { arn, family, revision, document: Document::new(Value::Object(fields)) })
}

/// Tags are registered with the definition; none at all is no field, because an empty list is refused.
fn put_tags(fields: &mut Map<String, Value>, mut tags: Vec<Value>) {
    tags.retain(|tag| !name_of(tag, "key").starts_with(RESERVED_TAGS));
    tags.sort_by(|one, two| name_of(one, "key").cmp(name_of(two, "key")));
    if !tags.is_empty() {
        fields.insert("tags".to_owned(), Value::Array(tags));
    }
}

/// The same definition read twice is the same text. Entries of one name keep their order: the last one counts.
fn put_in_order(fields: &mut Map<String, Value>) {
    let containers = fields.get_mut("containerDefinitions").and_then(Value::as_array_mut);
    for container in containers.into_iter().flatten() {
        for list in UNORDERED {
            if let Some(list) = container.get_mut(list).and_then(Value::as_array_mut) {
                list.sort_by(|one, two| name_of(one, "name").cmp(name_of(two, "name")));
            }
        }
    }
}

fn name_of<'v>(entry: &'v Value, key: &str) -> &'v str {
    entry.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// Where `found` lacks or changes what `wanted` says. What ECS adds by itself is no loss, and neither is a
/// list or an object that says nothing. Paths only: values may be secrets.
fn compare(wanted: &Value, found: &Value, path: &str, lost: &mut Vec<String>) {
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => {
            for (name, wanted) in wanted {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                compare(wanted, found.get(name).unwrap_or(&Value::Null), &path, lost);
            }
        }
        (Value::Array(wanted), Value::Array(found)) if wanted.len() == found.len() => {
            for (index, (wanted, found)) in wanted.iter().zip(found).enumerate() {
                compare(wanted, found, &format!("{path}[{index}]"), lost);
            }
        }
        (wanted, found) if wanted == found || says_nothing(wanted) => {}
        _ => lost.push(path.to_owned()),
    }
}

fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Everything in a definition that may be secret: whatever is said inside the containers but for their names
/// and images.
fn values(document: &Value) -> Vec<String> {
    const PLAIN: [&str; 4] = ["name", "image", "protocol", "essential"];
    fn gather(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::String(text) => found.push(text.clone()),
            Value::Array(items) => items.iter().for_each(|item| gather(item, found)),
            Value::Object(fields) => {
                let secretive = fields.iter().filter(|(name, _)| !PLAIN.contains(&name.as_str()));
                secretive.for_each(|(_, value)| gather(value, found));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    let mut found = Vec::new();
    if let Some(containers) = document.get("containerDefinitions") {
        gather(containers, &mut found);
    }
    found
}

#[cfg(test)]
mod tests;
