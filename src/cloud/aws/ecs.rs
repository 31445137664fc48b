//! ECS: clusters, services and tasks. Task definitions have a file of their own.

mod answer;
mod clusters;
mod health;
mod pause;
mod placement;
mod rollback;
mod run;
mod service;
mod services;
mod shift;
mod task;

#[cfg(test)]
mod tests;

pub(super) use clusters::{cluster_names, cluster_tags, tag_cluster};
pub(super) use placement::capacity;
pub(super) use run::{run_task, stop_task};
pub(super) use services::{service_names, services, update_service};
pub(super) use task::{family_tasks, other_tasks, service_tasks};
