//! What the acts of the demo show: headings, commands, commits, runs, and what users see.

use std::time::Duration;

use anstyle::{AnsiColor, Style};

use super::live::LiveView;
use super::stage::Stage;
use crate::cli::error::CliError;
use crate::cli::{preview, ui};
use crate::clock::SystemClock;
use crate::model::Version;
use crate::reconcile::{Run, RunOutcome};
use crate::report::{HistoryView, RunView, run as report, status, time_format};
use crate::sim::Pace;

const DIM: Style = Style::new().dimmed();
const BOLD: Style = Style::new().bold();
const CYAN: Style = AnsiColor::Cyan.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const RED: Style = AnsiColor::Red.on_default();
const GREEN: Style = AnsiColor::Green.on_default();

/// Shows the stage to a person.
pub(super) struct Presenter {
    pub(super) stage: Stage,
    pub(super) is_fast: bool,
}

impl Presenter {
    pub(super) fn act(&self, number: u8, title: &str, about: &str) -> Result<(), CliError> {
        self.check_interrupt()?;
        ui::print(&format!("\n{CYAN}{number}  {title}{CYAN:#}\n{about}\n"))?;
        self.pause(200);
        Ok(())
    }

    pub(super) fn prompt(&self, command: &str) -> Result<(), CliError> {
        self.check_interrupt()?;
        ui::print(&format!("\n{DIM}${DIM:#} {BOLD}{command}{BOLD:#}\n"))
    }

    /// Commits these versions, and shows the commit as `git show` does.
    pub(super) fn commit(&mut self, title: &str, versions: &[(&str, String)]) -> Result<(), CliError> {
        self.prompt("git show")?;
        let diff = self.stage.commit(title, versions)?;
        let revision = self.stage.declared().revision.clone();
        let mut text = format!("{YELLOW}commit {revision}{YELLOW:#}\n\n    {title}\n\n");
        for line in diff.lines() {
            let style = match line.as_bytes().first() {
                Some(b'+') => GREEN,
                Some(b'-') => RED,
                _ => DIM,
            };
            text.push_str(&format!("{style}{line}{style:#}\n"));
        }
        ui::print(&text)?;
        self.pause(500);
        Ok(())
    }

    /// Shows the status of production.
    pub(super) fn status(&self) -> Result<(), CliError> {
        self.prompt("tidegate status production")?;
        ui::print(&status::text(&preview::status_view(&self.stage.preview()?)))
    }

    /// A run that people watch, at this number of simulated seconds in a real one.
    pub(super) fn play(&self, speed: u32) -> Result<Run, CliError> {
        let pace = match self.is_fast {
            true => Pace::Jump,
            false => {
                Pace::Paced { speed, jump_max: Duration::from_millis(600), frame: Duration::from_millis(40) }
            }
        };
        let live = LiveView::of(&self.stage);
        let run = self.stage.converge(pace, &live);
        live.end(&self.stage);
        run
    }

    pub(super) fn history(&self, run: &Run) -> Result<(), CliError> {
        let spec = self.stage.spec();
        let (closures, zone) = (self.stage.closures()?, time_format::zone_of(spec));
        let view = RunView {
            run,
            closures: &closures,
            is_running: false,
            now: self.stage.now(),
            zone,
            page: ui::page(),
        };
        ui::print(&report::history_text(&HistoryView {
            environment: &spec.name,
            runs: vec![view],
            page: ui::page(),
        }))
    }

    /// Shows what the address of the first check answers to a request without the bypass header.
    pub(super) fn what_users_see(&self) -> Result<(), CliError> {
        let spec = self.stage.spec();
        let (Some(check), Some(maintenance)) = (spec.checks.first(), &spec.maintenance) else {
            return Ok(());
        };
        let cloud = self.stage.cloud.cloud(spec);
        let answer = self.stage.clock.block_on(cloud.probe(&check.url, None));
        let answer = answer
            .map_err(|error| CliError::internal("the simulated cloud does not answer").because(&error))?;
        let meaning = match answer {
            302 => format!(", a redirect to {}", maintenance.page),
            _ => String::new(),
        };
        ui::print(&format!("\n{BOLD}What users see{BOLD:#}\n  {} answers {answer}{meaning}\n", check.url))
    }

    /// The version that follows the declared one.
    pub(super) fn next(&self, key: &str, bump: fn([u64; 3]) -> [u64; 3]) -> String {
        let declared = &self.stage.spec().versions[key];
        following(declared, bump)
    }

    /// Fails unless the run ended like this: the text of the demo is only true then.
    pub(super) fn expect(&self, run: &Run, outcome: RunOutcome) -> Result<(), CliError> {
        self.check_interrupt()?;
        if run.outcome == Some(outcome) {
            return Ok(());
        }
        let ended = run.outcome.map_or("without an outcome", RunOutcome::as_str);
        let causes =
            run.message.iter().cloned().chain(run.blocked.iter().map(|blocked| blocked.message.clone()));
        Err(CliError::internal(format!("a run of the demo ended `{ended}`, expected `{}`", outcome.as_str()))
            .because_of(causes.collect::<Vec<_>>().join("; ")))
    }

    fn check_interrupt(&self) -> Result<(), CliError> {
        if self.stage.is_interrupted() {
            return Err(CliError::failure("the demo was interrupted; its temporary repository was deleted"));
        }
        Ok(())
    }

    /// Time to read; none with `--fast`.
    pub(super) fn pause(&self, milliseconds: u64) {
        if !self.is_fast {
            SystemClock.pause(Duration::from_millis(milliseconds));
        }
    }
}

pub(super) fn bump_minor([major, minor, _]: [u64; 3]) -> [u64; 3] {
    [major, minor + 1, 0]
}

pub(super) fn bump_patch([major, minor, patch]: [u64; 3]) -> [u64; 3] {
    [major, minor, patch + 1]
}

/// The version that follows `version`. The declarations that this program was built with use `v1.2.3`.
fn following(version: &Version, bump: fn([u64; 3]) -> [u64; 3]) -> String {
    let numbers: Vec<u64> =
        version.as_str().trim_start_matches('v').split('.').filter_map(|part| part.parse().ok()).collect();
    let numbers = <[u64; 3]>::try_from(numbers).expect("the demo's versions have three numbers");
    let [major, minor, patch] = bump(numbers);
    format!("v{major}.{minor}.{patch}")
}
