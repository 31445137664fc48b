//! The file, block by block.
//!
//! Blocks that are commented out are YAML, too: without the `# ` before their lines the file is valid.

mod findings;
mod service;

use super::database::{self, Choice, DatabaseReason, InState};
use super::draft::Draft;
use super::gate::GateDraft;
use super::migration::MigrationDraft;
use super::names::list;
use super::services::{ServiceDraft, VersionDraft};
use super::yaml::{Page, scalar};
use crate::model::State;
use crate::spec::{DatabaseTarget, SecretSource};

/// A declaration, and the notes for the person who asked for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// The YAML file.
    pub text: String,
    /// Guesses, and everything that was left out with its reason; whole sentences.
    pub findings: Vec<String>,
}

/// Writes the file, and collects the findings.
pub(super) fn write(draft: &Draft<'_>) -> Imported {
    let mut page = Page::default();
    head(&mut page, draft);
    versions(&mut page, &draft.versions);
    services(&mut page, &draft.services);
    database(&mut page, draft);
    migration(&mut page, draft);
    gate(&mut page, draft);
    Imported { text: page.finish(), findings: findings::findings(draft) }
}

fn head(page: &mut Page, draft: &Draft<'_>) {
    let target = &draft.survey.target;
    let name = scalar(draft.options.name.as_str());
    page.comment(0, "yaml-language-server: $schema=schema.json");
    page.line(0, "#");
    page.comment(
        0,
        &format!(
            "Written by `tidegate import {}`. It declares the cluster as it runs now, so a plan has no actions. Decisions \
             that only you can make are commented out: remove the `# ` before the lines that you want.",
            target.cluster
        ),
    );
    page.gap();
    page.line(0, format!("name: {name}"));
    page.line(0, "aws:");
    page.line(2, format!("region: {}", scalar(&target.region)));
    page.line(2, format!("account: {}", scalar(&target.account)));
    if let Some(role) = &target.assume_role {
        page.line(2, format!("assume_role: {}", scalar(role)));
    }
    page.line(0, format!("cluster: {}", scalar(target.cluster.as_str())));
    if draft.state != State::Running {
        page.gap();
        page.comment(0, &format!("{} Set `state: running` to start it.", findings::why_down(draft)));
        page.line(0, format!("state: {}", draft.state));
    }
    page.gap();
    page.comment(
        0,
        &format!(
            "tidegate observes and reports, but changes nothing. When `tidegate plan {}` shows what you expect, set \
             `mode: enforce`.",
            draft.options.name
        ),
    );
    page.line(0, "mode: observe");
}

fn versions(page: &mut Page, versions: &[VersionDraft]) {
    if versions.is_empty() {
        return;
    }
    page.gap();
    page.comment(
        0,
        "The versions that run now. To release, change a version. Services that share a version are released together.",
    );
    let is_used = versions.iter().any(|draft| draft.is_used);
    let write = |page: &mut Page| {
        page.line(0, "versions:");
        for VersionDraft { entry, is_used: own } in versions {
            let line = format!("{}: {}", scalar(entry.key.as_str()), scalar(entry.version.as_str()));
            let names: Vec<&str> = entry.services.iter().map(|name| name.as_str()).collect();
            let remark = if names.len() > 1 { names.join(", ") } else { String::new() };
            let write = |page: &mut Page| match remark.as_str() {
                "" => page.line(2, &line),
                remark => page.remarked(2, &line, remark),
            };
            if *own || !is_used { write(page) } else { page.muted(2, write) }
        }
    };
    if is_used { write(page) } else { page.muted(0, write) }
}

fn services(page: &mut Page, services: &[ServiceDraft]) {
    page.gap();
    page.comment(
        0,
        "AWS does not know which service must start before another: add `after: [cache]` to a service that needs one.",
    );
    let is_declared = |draft: &&ServiceDraft| draft.left_out.is_none();
    if services.iter().any(|draft| is_declared(&draft)) {
        page.line(0, "services:");
        for draft in services {
            service::write(page, draft);
        }
        return;
    }
    page.line(0, "services: {}");
    for draft in services {
        service::explain(page, draft);
    }
}

fn database(page: &mut Page, draft: &Draft<'_>) {
    page.gap();
    let InState { choice, muted } = &draft.database;
    match choice {
        Choice::Picked { database, reason } => {
            let remark = match reason {
                DatabaseReason::Asked => "from `--database`".to_owned(),
                DatabaseReason::Named(services) => {
                    format!("its address is in the environment variables of {}", list(services))
                }
                guess => guess.guess().unwrap_or_default(),
            };
            if let Some(why) = &database.unstoppable {
                page.comment(
                    0,
                    &format!(
                        "The database cannot be stopped: {why}. `state: stopped` and a schedule would be blocked."
                    ),
                );
            }
            match muted {
                None => target(page, &database.target, &remark),
                Some(why) => {
                    page.comment(0, &format!("The database is left out: {why}."));
                    page.muted(0, |page| target(page, &database.target, &remark));
                }
            }
        }
        Choice::None { why, known } => {
            page.comment(0, &format!("No database: {why}."));
            for one in known {
                page.muted(0, |page| target(page, one, "a candidate"));
            }
        }
    }
}

fn target(page: &mut Page, target: &DatabaseTarget, remark: &str) {
    let (key, identifier) = (database::key(target), scalar(target.identifier()));
    page.remarked(0, format!("database: {{{key}: {identifier}}}"), remark);
}

fn migration(page: &mut Page, draft: &Draft<'_>) {
    let Some(MigrationDraft { family, follows, images, network, other_halves }) = &draft.migration else {
        return;
    };
    page.gap();
    let needs = match draft.database.is_declared() {
        true => "",
        false => " It also needs `database`.",
    };
    page.comment(
        0,
        &format!(
            "`{family}` looks like a migration. If you declare it, it runs once for each new `{follows}`, while the gate is \
             closed and after a snapshot.{needs}"
        ),
    );
    let others = other_halves
        .iter()
        .flat_map(|(key, services)| services.iter().map(move |service| format!("{service} (`{key}`)")));
    let others: Vec<String> = others.collect();
    if !others.is_empty() {
        page.comment(
            0,
            &format!(
                "Before you declare it: tidegate stops only the services whose images name `{follows}`. Others have an \
                 entry of their own and would keep running while the schema changes: {}. Where one of them uses the same \
                 tables, write `{{{follows}}}` in its image.",
                others.join(", ")
            ),
        );
    }
    page.muted(0, |page| {
        page.line(0, "migration:");
        page.line(2, format!("follows: {}", scalar(follows.as_str())));
        page.line(2, format!("task: {}", scalar(family.as_str())));
        if !images.is_empty() {
            page.line(2, "images:");
            for (container, template) in images {
                page.line(4, format!("{}: {}", scalar(container.as_str()), scalar(template)));
            }
        }
        page.remarked(
            2,
            format!("network: {}", scalar(network.as_str())),
            "the task gets the subnets and security groups of this service",
        );
    });
}

fn gate(page: &mut Page, draft: &Draft<'_>) {
    page.gap();
    let gate = match &draft.gate {
        Ok(gate) => gate,
        Err(why) => return page.comment(0, &format!("No gate: {why}.")),
    };
    match &gate.muted {
        None => block(page, draft, gate),
        Some(why) => {
            let secret =
                "The secret has 20 to 128 letters, digits, `_` and `-`. Keep it in SSM or Secrets Manager";
            page.comment(
                0,
                &format!(
                    "The gate sends users to the maintenance page during a release. It is not declared: {why}. {secret}."
                ),
            );
            page.muted(0, |page| block(page, draft, gate));
        }
    }
    for other in &gate.others {
        page.comment(
            0,
            &format!(
                "Another listener in front of the services: `load_balancer: {{name: {}, port: {}}}`.",
                other.name, other.port
            ),
        );
    }
}

fn block(page: &mut Page, draft: &Draft<'_>, gate: &GateDraft) {
    page.line(0, "maintenance:");
    match &gate.page {
        // People leave the path `/` out.
        Some(url) => {
            let url = url.as_str();
            let url = if url.matches('/').count() == 3 { url.trim_end_matches('/') } else { url };
            page.line(2, format!("page: {}", scalar(url)));
        }
        None => page.remarked(2, "page: https://maintenance.example.org", "the page that users see"),
    }
    let (kind, place) = match &gate.secret {
        Some(SecretSource::Ssm(place)) => ("ssm", place.clone()),
        Some(SecretSource::SecretsManager(place)) => ("secretsmanager", place.clone()),
        Some(SecretSource::Env(place)) => ("env", place.clone()),
        Some(SecretSource::File(place)) => ("file", place.clone()),
        None => ("ssm", format!("/{}/maintenance-secret", draft.options.name)),
    };
    page.line(
        2,
        format!("bypass: {{header: {}, value_from: {{{kind}: {}}}}}", scalar(&gate.header), scalar(&place)),
    );
    let (name, port) = (scalar(&gate.listener.name), gate.listener.port);
    page.line(2, format!("load_balancer: {{name: {name}, port: {port}}}"));
}
