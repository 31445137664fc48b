//! What AWS says about a service that is not up: its own words, for people. Pure.

use chrono::TimeDelta;

use super::snapshot::ServiceSeen;
use crate::cloud::{Task, TaskStatus};
use crate::model::Instant;

/// Words that are older say nothing about the present.
const FRESH: TimeDelta = TimeDelta::hours(1);
/// Lines for each service.
const SHOWN_MAX: usize = 5;

impl ServiceSeen {
    /// Why the service is not up, in AWS's words: why its last task stopped, why a task that runs is not healthy, and the
    /// newest events that are not of its ordinary course. Empty for a service that is up, or should not be.
    pub fn reports(&self, now: Instant) -> Vec<String> {
        if self.service.desired == 0 || self.is_well() {
            return Vec::new();
        }
        let is_fresh = |at: Instant| now - at < FRESH;
        let stopped = self.tasks.iter().filter(|task| {
            let is_scaled_in =
                task.stopped_reason.as_deref().is_some_and(|why| why.starts_with("Scaling activity"));
            task.status == TaskStatus::Stopped && task.stopped_at.is_some_and(is_fresh) && !is_scaled_in
        });
        let last = stopped.max_by_key(|task| task.stopped_at).and_then(Task::reasons);
        let ill = self.tasks.iter().filter(|task| task.status == TaskStatus::Running && !task.healthy);
        let ill = ill.flat_map(|task| &task.ill).cloned();
        let events = self.service.events.iter().filter(|event| is_fresh(event.at) && !event.is_ordinary());
        let events = events.map(|event| event.message.trim().to_owned());
        let mut said: Vec<String> = Vec::new();
        for words in
            last.map(|why| format!("the last task stopped: {why}")).into_iter().chain(ill).chain(events)
        {
            if said.len() < SHOWN_MAX && !said.contains(&words) {
                said.push(words);
            }
        }
        said
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::bench::Bench;
    use crate::observe::Observed;
    use crate::sim::Broken;

    /// What is reported of a service now.
    fn reports(bench: &Bench, service: &str) -> Vec<String> {
        let snapshot = bench.snapshot();
        let Observed::Present(seen) = &snapshot.services[service] else { panic!("it was read") };
        seen.reports(bench.now())
    }

    #[test]
    fn a_service_that_is_up_has_no_reports_and_one_that_crashes_says_why() {
        let bench = Bench::new();
        assert_eq!(reports(&bench, "library"), Vec::<String>::new());
        bench.cloud.with(|world| {
            world.script.broken.insert("library:".to_owned(), Broken::Crashes { code: 7 });
            world.person("shop").redeploy("library");
        });
        bench.clock.advance(Duration::from_secs(300));
        let said = reports(&bench, "library");
        assert!(said[0].starts_with("the last task stopped: Essential container in task exited"), "{said:?}");
        assert!(said.iter().any(|said| said.contains("unable to consistently start tasks")), "{said:?}");
        assert!(said.iter().all(|said| !said.contains("has started")), "{said:?}");
        bench.cloud.with(|world| world.person("shop").scale("library", 0));
        bench.clock.advance(Duration::from_secs(300));
        assert_eq!(reports(&bench, "library"), Vec::<String>::new(), "it should not be up");
    }

    #[test]
    fn a_target_that_is_not_healthy_says_why() {
        let bench = Bench::new();
        bench.cloud.with(|world| {
            world.script.broken.insert("web-v1.3.0".to_owned(), Broken::Unhealthy);
            world.person("shop").redeploy("web");
        });
        bench.clock.advance(Duration::from_secs(55));
        let said = reports(&bench, "web");
        assert!(
            said.iter().any(|said| said.contains("Health checks failed with these codes: [502]")),
            "{said:?}"
        );
    }
}
