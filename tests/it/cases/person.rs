//! What people, Terraform and AWS do in a case. `None` = there is no such command.

use std::time::Duration;

use tidegate::cloud::{
    Capacity, CapacityProvider, Condition, Controller, Document, Kind, LifecycleHook, Placement,
    ProviderKind, ProviderShare, RuleAction, ScalableTarget, Strategy, Suspended, tag,
};
use tidegate::model::ImageRef;
use tidegate::sim::{Broken, Outcome, Region, Schema, Sidecar, SimCloud, World};
use tidegate::spec::EnvironmentSpec;

/// `person …`: somebody with the console open.
pub fn person(world: &mut World, spec: &EnvironmentSpec, words: &[&str]) -> Option<()> {
    if let [.., "rule", priority] | [_, "rule", priority, ..] = words {
        let mut rules = world.regions.iter().flat_map(|region| &region.listeners).flat_map(|it| &it.rules);
        rules.find(|rule| rule.priority.to_string() == **priority)?;
    }
    if let ["takes", "the", "function", "off", alias] = words {
        let mut all = world.regions.iter_mut().flat_map(|region| region.distributions.values_mut());
        let found = all.find(|found| found.aliases.iter().any(|known| known == alias))?;
        found.behaviours.iter_mut().for_each(|behaviour| behaviour.function = None);
        return Some(());
    }
    let mut person = world.person(spec.name.as_str());
    match words {
        ["scales", service, "to", count] => person.scale(service, count.parse().ok()?),
        ["deploys", service, container, image] => person.deploy(service, container, image),
        ["redeploys", service] => person.redeploy(service),
        ["revises", family, field, value] => person.revise(family, field, serde_json::Value::from(*value)),
        ["runs", "the", "migration"] => person.run_migration(),
        ["runs", family, "with", image] => person.run_task(family, image),
        ["stops", "the", "tasks"] => person.stop_one_offs(),
        ["deletes", "service", service] => person.delete_service(service),
        ["continues", service] => person.continue_deployment(service),
        ["stops", "the", "migration"] => person.stop_one_offs(),
        ["opens", "the", "gate"] => person.open_gate(),
        ["starts", "the", "database"] => person.start_database(),
        ["stops", "the", "database"] => person.stop_database(),
        ["modifies", "the", "database"] => person.modify_database(),
        ["adds", "a", "replica"] => person.add_replica(),
        ["fills", "the", "snapshot", "quota"] => person.fill_snapshot_quota(),
        ["has", "a", "blue/green", "deployment", status] => person.begin_blue_green(status),
        ["deregisters", family] => person.deregister(family),
        ["tags", "the", "database", assignment] => {
            let (key, value) = assignment.split_once('=')?;
            person.tag_database(key, Some(value));
        }
        ["untags", "the", "database", key] => person.tag_database(key, None),
        ["takes", "snapshot", identifier] => person.take_snapshot(identifier),
        ["restores", "snapshot", identifier] => person.restore_snapshot(identifier),
        ["sets", "scaling", "of", service, range] => {
            let (min, max) = range.split_once("..")?;
            let (min, max) = (min.parse().ok()?, max.parse().ok()?);
            person.set_target(service, ScalableTarget { min, max, suspended: Suspended::NONE });
        }
        ["suspends", "scaling", "of", service, range] => {
            let (min, max) = range.split_once("..")?;
            let (min, max) = (min.parse().ok()?, max.parse().ok()?);
            let suspended = Suspended { dynamic_in: true, dynamic_out: false, scheduled: false };
            person.set_target(service, ScalableTarget { min, max, suspended });
        }
        ["rotates", "the", "secret", name, value] => person.rotate_secret(name, value),
        ["adds", "conditions", "to", "rule", priority] => {
            let hosts = (1..=5).map(|number| format!("h{number}.shop.example")).collect();
            let full = Condition { field: "host-header".to_owned(), header: None, values: hosts };
            person.set_rule(priority.parse().ok()?, &[full]);
        }
        ["sets", "rule", priority, "to", host, path] => {
            let condition = |field: &str, value: &str| Condition {
                field: field.to_owned(),
                header: None,
                values: vec![value.to_owned()],
            };
            let conditions = [condition("host-header", host), condition("path-pattern", path)];
            person.set_rule(priority.parse().ok()?, &conditions);
        }
        ["asks", "for", "the", "header", "on", "rule", priority] => {
            let host = Condition {
                field: "host-header".to_owned(),
                header: None,
                values: vec!["web.shop.example".to_owned()],
            };
            let own = Condition::header("x-bypass", "a-secret-of-somebody-else");
            person.set_rule(priority.parse().ok()?, &[host, own]);
        }
        _ => return None,
    }
    Some(())
}

/// `terraform applies [web=1 …]`.
pub fn terraform(world: &mut World, spec: &EnvironmentSpec, words: &[&str]) -> Option<()> {
    let counts: Option<Vec<(&str, u32)>> = words
        .iter()
        .map(|word| word.split_once('=').and_then(|(name, count)| Some((name, count.parse().ok()?))))
        .collect();
    world.person(spec.name.as_str()).terraform_applies(&counts?);
    Some(())
}

/// `aws …`: what the cloud does by itself, or does not do.
pub fn aws(cloud: &SimCloud, spec: &EnvironmentSpec, words: &[&str]) -> Option<()> {
    match words {
        ["interrupts", service] => cloud.with(|world| world.person(spec.name.as_str()).interrupt(service)),
        ["starts", "nothing", "for", service, "before", time] => {
            let time = time.parse().ok()?;
            cloud.with(|world| world.person(spec.name.as_str()).hold_back(service, time));
        }
        ["has", "no", "metrics"] => cloud.with(|world| world.script.without_metrics = true),
        ["hides", "registry", repository] => {
            cloud.with(|world| world.registry.unverified.insert((*repository).to_owned()));
        }
        ["answers", operation, "with", kind, times, rest @ ..] => {
            let skip = match rest {
                [] => 0,
                ["after", calls] => calls.parse().ok()?,
                _ => return None,
            };
            let times = times.strip_suffix("x").or_else(|| times.strip_suffix("times")).unwrap_or(times);
            let operation = OPERATIONS.iter().find(|known| *known == operation)?;
            let (kind, times) = (kind_of(kind)?, times.parse().ok()?);
            cloud.faults(|faults| faults.script_later(operation, skip, times, kind));
        }
        ["works", "again"] => cloud.faults(tidegate::sim::FaultPlan::heal),
        _ => return None,
    }
    Some(())
}

const OPERATIONS: [&str; 27] = [
    "cloudfront:DescribeFunction",
    "cloudfront:PublishFunction",
    "cloudfront:UpdateDistribution",
    "cloudfront:UpdateFunction",
    "ecs:DescribeClusters",
    "ecs:DescribeServices",
    "ecs:DescribeTasks",
    "ecs:ListServices",
    "ecs:ListTasks",
    "ecs:RegisterTaskDefinition",
    "ecs:RunTask",
    "ecs:TagResource",
    "ecs:UpdateService",
    "cloudfront:CreateInvalidation",
    "elasticloadbalancing:AddTags",
    "elasticloadbalancing:DescribeRules",
    "elasticloadbalancing:ModifyRule",
    "rds:AddTagsToResource",
    "rds:CreateDBSnapshot",
    "rds:DescribeDBInstances",
    "rds:DescribeDBSnapshots",
    "rds:StartDBInstance",
    "rds:StopDBInstance",
    "s3:CopyObject",
    "s3:PutObject",
    "ssm:GetParameter",
    "sts:GetCallerIdentity",
];

fn kind_of(word: &str) -> Option<Kind> {
    Some(match word {
        "throttled" => Kind::Throttled,
        "unavailable" => Kind::Unavailable,
        "access-denied" => Kind::AccessDenied,
        "a-lost-answer" => Kind::AnswerLost,
        "not-found" => Kind::NotFound,
        "conflict" => Kind::Conflict,
        "invalid-state" => Kind::InvalidState,
        "capacity" => Kind::Capacity,
        "invalid" => Kind::Invalid,
        _ => return None,
    })
}

/// `migration VERSION …`: how the next attempt at it ends.
pub fn migration(world: &mut World, words: &[&str]) -> Option<()> {
    let [version, how @ ..] = words else { return None };
    let outcome = match how {
        ["fails", "with", "exit", "code", code] => Outcome::Exit { code: code.parse().ok()?, partial: false },
        ["breaks", "off", "half-way"] => Outcome::Exit { code: 1, partial: true },
        ["runs", "out", "of", "memory"] => Outcome::OutOfMemory { partial: false },
        ["finds", "no", "capacity"] => Outcome::NoCapacity,
        ["never", "starts"] => Outcome::NeverStarts,
        ["hangs"] => Outcome::Hangs,
        ["succeeds"] => Outcome::Success,
        ["takes", length] => {
            let length: Duration = humantime::parse_duration(length).ok()?;
            world.script.migration_seconds = Some(u32::try_from(length.as_secs()).ok()?);
            return Some(());
        }
        _ => return None,
    };
    world.script.migration(version, [outcome]);
    Some(())
}

/// `beside FAMILY …`: another container in the migration's task definition.
pub fn beside(world: &mut World, environment: &str, words: &[&str]) -> Option<()> {
    let seconds = |length: &str| -> Option<u32> {
        u32::try_from(humantime::parse_duration(length).ok()?.as_secs()).ok()
    };
    let [family, name, how @ ..] = words else { return None };
    let behaves = match how {
        [] => None,
        ["comes", "up", "after", length] => Some(Sidecar::Late { seconds: seconds(length)? }),
        ["never", "comes", "up"] => Some(Sidecar::NeverUp),
        ["cannot", "be", "pulled", "after", length] => Some(Sidecar::PullFails { seconds: seconds(length)? }),
        _ => return None,
    };
    world.person(environment).add_container(family, name, behaves);
    Some(())
}

/// `image TEXT …`: what is wrong with images whose reference contains the text.
pub fn image(world: &mut World, words: &[&str]) -> Option<()> {
    match words {
        [text, "crashes"] => {
            world.script.broken.insert((*text).to_owned(), Broken::Crashes { code: 1 });
        }
        [text, "is", "unhealthy"] => {
            world.script.broken.insert((*text).to_owned(), Broken::Unhealthy);
        }
        [text, "is", "well"] => {
            world.script.broken.remove(*text).expect("it was ill");
        }
        [image, "is", "pushed", "again"] => {
            let image = ImageRef::new(*image);
            let repository = world.registry.repositories.get(image.repository());
            let before = repository.and_then(|found| found.tags.get(image.tag()?)).map_or(0, |tag| tag.order);
            world.registry.push(&image, before + 1);
        }
        [image, "is", "deleted"] => {
            let image = ImageRef::new(*image);
            world.registry.delete_tag(image.repository(), image.tag()?);
        }
        [image, "means", tag] => {
            let image = ImageRef::new(*image);
            world.registry.copy_tag(image.repository(), tag, image.tag()?, u64::MAX / 2);
        }
        _ => return None,
    }
    Some(())
}

/// What the cluster runs tasks on besides Fargate: nothing at first.
fn capacity<'r>(region: &'r mut Region, spec: &EnvironmentSpec) -> &'r mut Capacity {
    region.capacity.entry(spec.cluster.to_string()).or_default()
}

/// `world …`: how this world differs from the one that the declarations describe.
pub fn world(world: &mut World, spec: &EnvironmentSpec, words: &[&str]) -> Option<()> {
    let region = world.regions.iter_mut().find(|region| region.account == spec.account)?;
    let key = |service: &str| format!("{}/{service}", spec.cluster);
    match words {
        ["credentials", "of", account] => region.caller = Some((*account).to_owned()),
        ["without", "service", service] => {
            region.services.remove(&key(service))?;
        }
        ["without", "cluster"] => {
            region.clusters.remove(spec.cluster.as_str())?;
        }
        ["without", "database"] => {
            region.databases.remove(spec.database.as_ref()?.target.identifier())?;
        }
        ["without", "family", family] => {
            region.definitions.remove(*family)?;
        }
        ["without", "secret"] => region.secrets.clear(),
        ["secret", value] => region.secrets.values_mut().for_each(|secret| *secret = (*value).to_owned()),
        ["with", "codedeploy", "for", service] => {
            region.services.get_mut(&key(service))?.controller = Controller::CodeDeploy;
        }
        ["with", "daemon", service] => {
            region.services.get_mut(&key(service))?.controller = Controller::Daemon;
        }
        ["with", "express", service] => region.services.get_mut(&key(service))?.express = true,
        ["with", "hook", kind, "of", service, "at", stage, rest @ ..] => {
            let rolls_back = match rest {
                [] => true,
                ["then", "continue"] => false,
                _ => return None,
            };
            let stages = vec![(*stage).to_owned()];
            let hook = LifecycleHook { kind: (*kind).to_owned(), stages, rolls_back };
            region.services.get_mut(&key(service))?.hooks.push(hook);
        }
        ["with", "family", family, "on", compatibilities @ ..] => {
            for definition in region.definitions.get_mut(*family)? {
                let mut text = definition.document.expose().clone();
                text["requiresCompatibilities"] = serde_json::json!(compatibilities);
                definition.document = Document::new(text);
            }
        }
        ["with", "service", service, "on", "launch", "type", name] => {
            region.services.get_mut(&key(service))?.placement = Placement::LaunchType((*name).to_owned());
        }
        ["with", "service", service, "on", "provider", name] => {
            let share = ProviderShare { name: (*name).to_owned(), weight: 1, base: 0 };
            region.services.get_mut(&key(service))?.placement = Placement::Providers(vec![share]);
        }
        ["with", number, "instances"] => capacity(region, spec).instances = number.parse().ok()?,
        ["with", kind, "provider", name] => {
            let kind = match *kind {
                "scaling" => ProviderKind::AutoScalingGroup { scales: true },
                "fixed" => ProviderKind::AutoScalingGroup { scales: false },
                "managed" => ProviderKind::ManagedInstances,
                "fargate" => ProviderKind::Fargate,
                _ => return None,
            };
            let provider = CapacityProvider { name: (*name).to_owned(), kind, active: true };
            capacity(region, spec).providers.push(provider);
        }
        ["with", "inactive", name] => {
            let mut providers = capacity(region, spec).providers.iter_mut();
            providers.find(|provider| provider.name == **name)?.active = false;
        }
        ["with", "blue/green", "for", service] => {
            let strategy = Strategy::Shifting { bake_minutes: 10 };
            region.services.get_mut(&key(service))?.strategy = strategy;
        }
        ["schema", version] => {
            let database = region.databases.get_mut(spec.database.as_ref()?.target.identifier())?;
            database.schema = Schema::At((*version).into());
        }
        ["with", "owner", owner] => {
            let tags = region.clusters.get_mut(spec.cluster.as_str())?;
            tags.insert(tag::OWNER.to_owned(), (*owner).to_owned());
        }
        ["with", "default", "action", "forward"] => {
            for listener in &mut region.listeners {
                let groups = listener.rules.iter().find_map(|rule| match &rule.action {
                    RuleAction::Forward(groups) => Some(groups.clone()),
                    _ => None,
                });
                listener.default_action = RuleAction::Forward(groups?);
            }
        }
        ["with", "lambda", "on", alias] => {
            let found = region.distributions.values_mut().find(|it| it.aliases.iter().any(|a| a == alias))?;
            found.behaviours.iter_mut().for_each(|behaviour| behaviour.lambda = true);
        }
        _ => return None,
    }
    Some(())
}
