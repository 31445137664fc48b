//! The environment as a whole: its name, its place in AWS, and the rules between its blocks.

use super::findings::Findings;
use super::names::{self, NameRule};
use super::versions::Versions;
use super::{maintenance, migration, services, sites, times};
use crate::model::{ClusterName, EnvironmentName, Instant, Mode, State};
use crate::spec::decode::{Leaf, OriginId, TextOrScalar};
use crate::spec::diagnostic::Code;
use crate::spec::extends::Files;
use crate::spec::raw::{AccountText, RawAws, RawDatabase, RawEnvironment, RegionText};
use crate::spec::{AdoptRevision, DatabaseSpec, DatabaseTarget, EnvironmentSpec};

/// Runs every rule. The spec is valid only if no rule found an error.
pub(super) fn environment(
    f: &mut Findings<'_>,
    root: &Leaf<RawEnvironment>,
    stem: &str,
    files: &Files,
    now: Instant,
) -> Option<EnvironmentSpec> {
    let RawEnvironment {
        name,
        extends: _, // followed and removed before decoding
        aws,
        cluster,
        state,
        mode,
        versions,
        services,
        database,
        migration,
        maintenance,
        sites,
        checks,
        schedule,
        override_,
        windows,
        adopt_revision,
    } = root.get()?;

    let name = environment_name(f, root.at, name, stem);
    let (region, account, assume_role) = place_in_aws(f, root.at, aws);
    let cluster = f.required(root.at, "cluster", cluster).map(|leaf| f.name(leaf, &names::ECS));
    let mut versions = Versions::read(f, versions);
    let migrated = migration::followed(migration);
    let services = services::services(f, root.at, services, &mut versions, migrated.as_ref());
    let database_spec = database.as_ref().and_then(|leaf| database_target(f, leaf));
    let migration_spec =
        migration.as_ref().and_then(|leaf| migration::migration(f, leaf, &services, &mut versions));
    if let (Some(leaf), None) = (migration, database) {
        let message =
            "a migration needs a `database`: tidegate records the schema version in a tag of the database";
        let hint = "add `database: {instance: NAME}`, or delete `migration`".to_owned();
        f.error_at_key(leaf.at, Code::MigrationWithoutDatabase, message).hint = Some(hint);
    }
    let maintenance_spec = maintenance.as_ref().and_then(|leaf| maintenance::maintenance(f, leaf, &services));
    let sites = sites::sites(f, sites, &mut versions);
    let checks = sites::checks(f, checks);
    let grace = times::grace(f, schedule.as_ref());
    let schedule = schedule.as_ref().and_then(|leaf| times::schedule(f, leaf, files, now));
    let git_override = override_.as_ref().and_then(|leaf| times::git_override(f, leaf, now));
    let windows = windows.as_ref().and_then(|leaf| times::windows(f, leaf, schedule.as_ref(), now));
    if maintenance.is_none() {
        // The override counts on its own: its state may need a gate where `state` does not.
        let overriding = override_.as_ref().and_then(Leaf::get).and_then(|leaf| leaf.state.as_ref());
        without_gate(f, [state.as_ref(), overriding], migration.as_ref().map(|leaf| leaf.at));
    }

    Some(EnvironmentSpec {
        name: EnvironmentName::new(name),
        region,
        account,
        assume_role,
        cluster: ClusterName::new(cluster?),
        state: f.value_or(state, State::Running),
        mode: f.value_or(mode, Mode::Enforce),
        versions: versions.finish(f),
        services,
        database: database_spec,
        migration: migration_spec,
        maintenance: maintenance_spec,
        sites,
        checks,
        schedule,
        grace,
        override_: git_override,
        windows,
        adopt_revision: f.value_or(adopt_revision, AdoptRevision::AtVersionChange),
    })
}

fn environment_name(f: &mut Findings<'_>, root: OriginId, name: &Option<Leaf<String>>, stem: &str) -> String {
    let Some(leaf) = f.required(root, "name", name) else { return stem.to_owned() };
    let name = f.name(leaf, &names::ENVIRONMENT);
    if leaf.get().is_some() && name != stem {
        let message = format!("`name` is `{name}`, but the name of the file is `{stem}`");
        let hint = format!("write `name: {stem}`, or rename the file to `{name}.yaml`");
        f.error(leaf.at, Code::NameDiffers, message).hint = Some(hint);
    }
    stem.to_owned()
}

fn place_in_aws(
    f: &mut Findings<'_>,
    root: OriginId,
    aws: &Option<Leaf<RawAws>>,
) -> (String, String, Option<String>) {
    let none = (String::new(), String::new(), None);
    let Some(leaf) = f.required(root, "aws", aws) else { return none };
    let Some(RawAws { region, account, assume_role }) = leaf.get() else { return none };
    let region = f.required(leaf.at, "region", region).and_then(|leaf| region_name(f, leaf));
    let account = f.required(leaf.at, "account", account).and_then(|leaf| account_digits(f, leaf));
    let role = assume_role.as_ref().and_then(|leaf| role_arn(f, leaf, account.as_deref()));
    (region.unwrap_or_default(), account.unwrap_or_default(), role)
}

/// A region by its form (`eu-central-2`, `us-gov-west-1`). There is no list, because AWS adds regions.
fn region_name(f: &mut Findings<'_>, leaf: &Leaf<RegionText>) -> Option<String> {
    let RegionText(text) = leaf.get()?;
    let parts: Vec<&str> = text.split('-').collect();
    let shaped = match parts[..] {
        [.., number] => {
            parts.len() >= 3
                && parts[..parts.len() - 1].iter().all(|part| is_lower(part))
                && !number.is_empty()
                && number.bytes().all(|b| b.is_ascii_digit())
        }
        _ => false,
    };
    if !shaped {
        let hint = "write a region as `eu-central-2`, without the letter of an availability zone".to_owned();
        f.error(leaf.at, Code::BadRegion, format!("`{text}` is not an AWS region")).hint = Some(hint);
        return None;
    }
    Some(text.clone())
}

fn is_lower(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase())
}

fn account_digits(f: &mut Findings<'_>, leaf: &Leaf<AccountText>) -> Option<String> {
    let AccountText(value) = leaf.get()?;
    let origin = f.origin(leaf.at);
    let digits_only = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let unquoted = match value {
        TextOrScalar::OtherScalar => true,
        // serde_yaml reads digits with a leading zero as a text; other readers take a number.
        TextOrScalar::Text(text) => origin.plain && digits_only(text),
    };
    if unquoted {
        let message =
            "the account must be in quotes, because YAML readers drop the leading zeros of a number";
        let hint = format!("write `\"{}\"`", origin.written);
        f.error(leaf.at, Code::AccountNotQuoted, message).hint = Some(hint);
    }
    if origin.written.len() != 12 || !digits_only(&origin.written) {
        let message = format!("an account number has twelve digits; `{}` does not", origin.written);
        f.error(leaf.at, Code::BadAccount, message);
        return None;
    }
    Some(origin.written.clone())
}

/// The ARN of a role in the declared account: `arn:aws:iam::592217263685:role/tidegate`.
fn role_arn(f: &mut Findings<'_>, leaf: &Leaf<String>, account: Option<&str>) -> Option<String> {
    let text = leaf.get()?;
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let [arn, partition, service, region, owner, resource] = parts[..] else {
        return bad_role(f, leaf.at, format!("`{text}` is not the ARN of a role"));
    };
    let is_role = arn == "arn"
        && partition.starts_with("aws")
        && service == "iam"
        && region.is_empty()
        && resource.strip_prefix("role/").is_some_and(|name| !name.is_empty());
    if !is_role {
        return bad_role(f, leaf.at, format!("`{text}` is not the ARN of a role"));
    }
    if account.is_some_and(|account| account != owner) {
        let message = format!("this role is in the account {owner}, not in `aws.account`");
        return bad_role(f, leaf.at, message);
    }
    Some(text.clone())
}

fn bad_role(f: &mut Findings<'_>, at: OriginId, message: String) -> Option<String> {
    let hint = "write the ARN as `arn:aws:iam::592217263685:role/tidegate`, with the number in `aws.account`";
    f.error(at, Code::BadRole, message).hint = Some(hint.to_owned());
    None
}

fn database_target(f: &mut Findings<'_>, leaf: &Leaf<RawDatabase>) -> Option<DatabaseSpec> {
    let RawDatabase { instance, cluster } = leaf.get()?;
    let rule: &NameRule = &names::DATABASE;
    let instance = instance.as_ref().map(|leaf| f.name(leaf, rule));
    let cluster = cluster.as_ref().map(|leaf| f.name(leaf, rule));
    let target = match (instance, cluster) {
        (Some(instance), None) => DatabaseTarget::Instance(instance),
        (None, Some(cluster)) => DatabaseTarget::Cluster(cluster),
        (both, _) => {
            let many = if both.is_some() { "both `instance` and `cluster`" } else { "no database" };
            let hint = "write either `instance:` for RDS or `cluster:` for Aurora".to_owned();
            let message = format!("`database` names {many}");
            f.error_at_key(leaf.at, Code::DatabaseTarget, message).hint = Some(hint);
            return None;
        }
    };
    Some(DatabaseSpec { target })
}

/// Warns about states and migrations that need a closed gate, in an environment without a gate.
fn without_gate(f: &mut Findings<'_>, states: [Option<&Leaf<State>>; 2], migration: Option<OriginId>) {
    let hint = "declare `maintenance`, or users reach services while tidegate starts and stops them";
    for leaf in states.into_iter().flatten() {
        if let Some(state @ (State::Restricted | State::DbOnly)) = leaf.get() {
            let message = format!(
                "`{state}` needs a closed gate, but there is no `maintenance`, so users still get through"
            );
            f.warning(leaf.at, Code::NoGate, message).hint = Some(hint.to_owned());
        }
    }
    if let Some(at) = migration {
        let message = "there is no `maintenance`, so users reach the platform during a migration";
        f.warning_at_key(at, Code::NoGate, message).hint = Some(hint.to_owned());
    }
}
