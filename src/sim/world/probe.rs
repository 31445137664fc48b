//! The world as a browser sees it: checks of URLs, and request metrics.

use chrono::TimeDelta;
use url::Url;

use super::{RegionId, Routed, SimListener, World};
use crate::cloud::{RuleAction, TaskStatus};

/// After the gate closes, users with an open page still send requests for this long.
const TRAFFIC_TAIL: TimeDelta = TimeDelta::seconds(40);
/// Requests a minute of an open service.
const TRAFFIC: f64 = 240.0;

impl World {
    /// The status that a URL answers from outside.
    pub(in crate::sim) fn probe(
        &self,
        region: RegionId,
        url: &Url,
        header: Option<(&str, &str)>,
    ) -> Option<u16> {
        let answer = self.script.answers.iter().find(|(start, _)| url.as_str().starts_with(start.as_str()));
        if let Some((_, status)) = answer {
            return Some(*status);
        }
        let host = url.host_str()?;
        let port = url.port_or_known_default().unwrap_or(443);
        if let Some(distribution) = self.distribution(region, host) {
            let function = distribution.behaviours.iter().find_map(|behaviour| behaviour.function.as_ref());
            let function = function.and_then(|name| self.regions[region].functions.get(name));
            let redirected = function.is_some_and(|function| {
                let code = function.live.as_deref().unwrap_or_default();
                function.redirects() && !header.is_some_and(|(_, value)| code.contains(value))
            });
            return Some(if redirected { 302 } else { 200 });
        }
        let listeners = || self.regions[region].listeners.iter().filter(|listener| listener.port == port);
        let knows_host = |listener: &&SimListener| listener.rules.iter().any(|rule| names_host(rule, host));
        let Some(listener) = listeners().find(knows_host).or_else(|| listeners().next()) else {
            // Nothing of this world is in front of the services: they answer when they run.
            return Some(if self.all_serve(region) { 200 } else { 503 });
        };
        Some(match listener.route(host, url.path(), header) {
            Routed::Rule(rule) => self.answer(region, &rule.action),
            Routed::Default(action) => self.answer(region, action),
        })
    }

    fn answer(&self, region: RegionId, action: &RuleAction) -> u16 {
        match action {
            RuleAction::Redirect => 302,
            RuleAction::Fixed => 503,
            RuleAction::Forward(groups) | RuleAction::Other(groups) => {
                if groups.iter().any(|group| self.has_healthy_target(region, group)) { 200 } else { 503 }
            }
        }
    }

    fn has_healthy_target(&self, region: RegionId, group: &str) -> bool {
        let region = &self.regions[region];
        let behind = |service: &&super::SimService| service.target_groups.iter().any(|g| g == group);
        region.services.values().filter(behind).any(|service| {
            let key = service.key();
            region.tasks.values().any(|task| {
                task.service.as_ref() == Some(&key)
                    && task.shown.status == TaskStatus::Running
                    && task.shown.healthy
            })
        })
    }

    fn all_serve(&self, region: RegionId) -> bool {
        let region = &self.regions[region];
        region.services.values().all(|service| {
            let key = service.key();
            let running = region.tasks.values().filter(|task| {
                task.service.as_ref() == Some(&key) && task.shown.status == TaskStatus::Running
            });
            running.count() >= service.desired as usize
        })
    }

    /// Requests in the last minute, from users who have no header.
    pub(in crate::sim) fn requests_last_minute(&self, region: RegionId, groups: &[String]) -> Option<f64> {
        if self.script.without_metrics || groups.is_empty() {
            return None;
        }
        let rules = self.regions[region].listeners.iter().flat_map(|listener| &listener.rules);
        let mut requests = 0.0;
        for rule in rules.filter(|rule| rule.target_groups().iter().any(|group| groups.contains(group))) {
            let gated = rule.conditions.iter().any(|condition| condition.header.is_some());
            if !gated {
                requests += TRAFFIC;
            } else if self.now - rule.changed_at < TRAFFIC_TAIL {
                requests += TRAFFIC / 10.0;
            }
        }
        Some(requests)
    }
}

fn names_host(rule: &super::SimRule, host: &str) -> bool {
    let hosts = rule.conditions.iter().filter(|condition| condition.field == "host-header");
    hosts.flat_map(|condition| &condition.values).any(|value| value.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests;
