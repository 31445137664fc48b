//! The ground floor: what the declaration, the observation and the ledger say, each computed once.
//!
//! Nothing here decides and nothing here plans. A check of the preflight stands beside the fact that it judges;
//! `preflight` only lists the checks.

mod access;
mod awake;
mod database;
mod gate;
mod images;
mod migration;
pub(super) mod preflight;
mod services;
mod sites;
mod strangers;

use std::collections::BTreeMap;

use access::Access;
pub(super) use awake::{DATABASE, service_part};
use database::DatabaseFacts;
pub(super) use database::{NAME_PREFIX, ours};
use gate::GateFacts;
pub(super) use gate::{DeclaredGate, by_priority};
pub(super) use images::ImageChange;
use migration::MigrationFacts;
pub(super) use services::{ServiceFacts, held_up, missing_image, paused, try_again};
pub(super) use sites::{OpenInvalidation, SiteChange};
use strangers::StrangerFacts;

use super::input::PlanningInput;
use super::report::{Awake, Blocked};
use crate::model::{Instant, ServiceName, State, Version};
use crate::spec::EnvironmentSpec;
use crate::store::journal::Ledger;

/// Everything that is known before anything is decided.
#[derive(Debug)]
pub(super) struct Facts<'a> {
    /// For plain values that need no reading: the mode, the desired state, how long things took before.
    pub input: &'a PlanningInput,
    pub now: Instant,
    pub spec: &'a EnvironmentSpec,
    pub ledger: &'a Ledger,
    pub access: Access<'a>,
    /// The declared services.
    pub services: BTreeMap<&'a ServiceName, ServiceFacts<'a>>,
    pub migration: MigrationFacts<'a>,
    /// Tasks that belong to no declared service.
    pub strangers: StrangerFacts<'a>,
    pub database: DatabaseFacts<'a>,
    pub gate: GateFacts<'a>,
    /// The sites that do not show the declared version.
    pub sites: Vec<SiteChange<'a>>,
    /// What CloudFront has not accepted yet.
    pub invalidations: Vec<OpenInvalidation<'a>>,
    /// The services and the database that are awake, whether or not they should be.
    pub awake: Vec<Awake>,
}

impl<'a> Facts<'a> {
    pub(super) fn of(input: &'a PlanningInput) -> Self {
        let services = services::services(input);
        let database = database::database(input);
        Facts {
            input,
            now: input.now,
            spec: &input.spec,
            ledger: &input.ledger,
            access: access::access(input),
            migration: migration::migration(input),
            strangers: strangers::strangers(input),
            gate: gate::gate(input),
            sites: sites::sites(input),
            invalidations: sites::invalidations(input),
            awake: awake::awake(input, services.values(), &database),
            services,
            database,
        }
    }

    /// Why nothing may be planned at all. A migration that runs is watched even if the gate could not be opened
    /// again: its end is seen now or never.
    pub(super) fn obstacles(&self) -> Vec<Blocked> {
        let gate = self.gate.config_changed.iter().filter(|_| !self.ledger.migration_in_flight());
        self.access.problems.iter().chain(gate).cloned().collect()
    }

    /// The services that could not be read, as one line for each reason.
    pub(super) fn unreadable_services(&self) -> Vec<Blocked> {
        services::unreadable(&self.services)
    }

    /// The services that could not be read and for which `matters` holds, as one line for each reason.
    pub(super) fn unreadable_services_that(
        &self,
        matters: impl Fn(&ServiceFacts<'_>) -> bool,
    ) -> Vec<Blocked> {
        services::unreadable_among(self.services.values().filter(|service| matters(service)))
    }

    /// A service as it was when the migrated version was this one.
    pub(super) fn service_at(
        &self,
        service: &ServiceFacts<'a>,
        version: &Version,
    ) -> Option<ServiceFacts<'a>> {
        let follows = &self.spec.migration.as_ref()?.follows;
        Some(services::at_version(self.input, service, follows, version))
    }

    /// Whether the environment was as declared with this code on this schema, with no other migration since: git may
    /// have allowed then what it no longer does.
    pub(super) fn was_reached(&self, code: &Version, schema: &Version) -> bool {
        let (Some(migration), Ok(seen)) = (&self.spec.migration, &self.database.seen) else { return false };
        self.ledger.converged.as_ref().is_some_and(|reached| {
            matches!(reached.state, State::Running | State::Restricted)
                && reached.versions.get(&migration.follows) == Some(code)
                && reached.schema.get(&seen.database.resource_id) == Some(schema)
        })
    }

    /// Services and parts of the gate that could not be read or written, and a listener that is gone: on the way to a migration,
    /// nothing moves while it is unknown whether users are kept out.
    pub(super) fn unreadable_on_the_way(&self) -> Vec<Blocked> {
        let gate =
            self.gate.unreadable.iter().chain(&self.gate.missing).chain(&self.gate.foreign_code).cloned();
        let snapshots = self.database.snapshots_unreadable.clone();
        // Such a service was fit to be stopped when the release began; now its tasks would run beside the migration.
        // The tasks of one that was deleted stop by themselves, and are waited for.
        let unfit = self
            .services
            .values()
            .filter(|service| service.has_tasks() && !service.is_deleted())
            .filter_map(|service| service.unusable.clone().or_else(|| service.undeclared_autoscaling()));
        // Old code may run where nothing is listed.
        let strangers = self.strangers.unreadable.iter().cloned();
        let services = self.unreadable_services().into_iter();
        services.chain(gate).chain(snapshots).chain(unfit).chain(strangers).collect()
    }

    /// Whether a declared version waits to be applied.
    pub(super) fn has_pending_bump(&self) -> bool {
        self.services.values().any(|service| !service.changes.is_empty()) || !self.sites.is_empty()
    }

    /// Images that could not be looked up, of all services and of the migration.
    fn unverified_images(&self) -> Vec<String> {
        let wanted = self.services.values().map(|service| &service.wanted).chain([&self.migration.wanted]);
        let unverified = wanted.flat_map(|wanted| &wanted.unverified);
        unverified.map(|(image, why)| format!("`{image}`: {why}")).collect()
    }
}
