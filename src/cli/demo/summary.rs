//! The numbers at the end of the demo, counted in the simulated cloud.

use anstyle::{AnsiColor, Style};

use super::stage::{ENVIRONMENT, Stage};
use crate::cli::error::CliError;
use crate::clock::{Clock, SystemClock};
use crate::model::Instant;
use crate::reconcile::{Run, RunOutcome};
use crate::report::{json, labels, time_format};
use crate::schedule::{self, WindowState};
use crate::spec::EnvironmentSpec;

const GREEN: Style = AnsiColor::Green.on_default().bold();
const RED: Style = AnsiColor::Red.on_default().bold();

/// The numbers, as lines of text.
pub(super) struct Summary {
    releases: Vec<String>,
    users: String,
    migrations: String,
    writes: usize,
    length: String,
    broken: Vec<String>,
}

impl Summary {
    /// Counts everything since `began_at`.
    pub(super) fn count(stage: &Stage, began_at: Instant) -> Result<Self, CliError> {
        let mut runs = stage.runs()?;
        runs.reverse();
        let access = stage.users.access();
        let schema: Vec<String> = stage.cloud.with(|world| {
            let of_ours = world.effects.iter().filter(|effect| effect.environment.as_str() == ENVIRONMENT);
            of_ours.map(|effect| effect.to.to_string()).collect()
        });
        let broken = stage
            .cloud
            .with(|world| world.violations_by_tidegate().iter().map(ToString::to_string).collect());
        let tasks = stage.migration_tasks();
        Ok(Self {
            releases: runs.iter().filter_map(release).collect(),
            users: format!(
                "saw the maintenance page for {} in total",
                time_format::length(access.locked_out)
            ),
            migrations: format!(
                "{} started; the schema changed {}: to {}",
                labels::counted(tasks, "task"),
                match schema.len() {
                    1 => "once".to_owned(),
                    2 => "twice".to_owned(),
                    times => format!("{times} times"),
                },
                schema.join(", then "),
            ),
            writes: stage.cloud.log().iter().filter(|effect| effect.applied).count(),
            length: time_format::length(stage.now() - began_at),
            broken,
        })
    }

    /// The rows of the summary.
    pub(super) fn text(&self) -> String {
        let mut text = String::from("\n");
        let mut row = |name: &str, value: &str| text.push_str(&format!("  {name:<12}{value}\n"));
        let mut name = "releases";
        for release in &self.releases {
            row(name, release);
            name = "";
        }
        row("users", &self.users);
        row("migrations", &self.migrations);
        row("AWS", &format!("{} writes in {} of simulated time", self.writes, self.length));
        let promises = match self.broken.len() {
            0 => format!(
                "{GREEN}none broken{GREEN:#}, checked after every event: each migration runs once; no code runs\n\
                 {:14}during it or on a schema that it does not fit; no user gets in before it has ended",
                ""
            ),
            count => format!("{RED}{count} broken{RED:#}"),
        };
        row("promises", &promises);
        text
    }

    /// # Errors
    /// When a promise was broken: that is a bug in tidegate.
    pub(super) fn verdict(&self) -> Result<(), CliError> {
        if self.broken.is_empty() {
            return Ok(());
        }
        let failed = CliError::internal("tidegate broke promises in the simulated cloud");
        Err(self.broken.iter().fold(failed, |failed, broken| failed.because_of(broken.clone())))
    }
}

/// A run with a release, in one line.
fn release(run: &Run) -> Option<String> {
    let release = run.release.as_ref()?;
    let outcome = match run.outcome {
        Some(RunOutcome::Converged) => "released".to_owned(),
        other => {
            let reasons = run.blocked.iter().map(|blocked| json::word(&blocked.reason));
            let outcome = other.map_or("no outcome", RunOutcome::as_str).to_owned();
            std::iter::once(outcome).chain(reasons).collect::<Vec<_>>().join(": ")
        }
    };
    let length = run.finished_at.map(|at| time_format::length(at - run.started_at)).unwrap_or_default();
    Some(format!("{} -> {}  {outcome}, after {length}", release.from, release.to))
}

/// When the next window opens in real time; none while a window is open or if there is none.
pub(super) fn next_window(spec: &EnvironmentSpec) -> Option<Instant> {
    match schedule::window_at(SystemClock.now(), spec.windows.as_ref()?) {
        WindowState::Closed { opens_at } => opens_at,
        WindowState::Open { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::error::Exit;

    #[test]
    fn a_broken_promise_is_an_internal_error() {
        let mut summary = Summary {
            releases: Vec::new(),
            users: String::new(),
            migrations: String::new(),
            writes: 0,
            length: String::new(),
            broken: Vec::new(),
        };
        assert!(summary.verdict().is_ok());
        summary.broken.push("a migration ran twice".to_owned());
        let error = summary.verdict().unwrap_err();
        assert_eq!(error.exit(), Exit::Internal);
        assert!(error.render().contains("a migration ran twice"));
        assert!(summary.text().contains("1 broken"));
    }
}
