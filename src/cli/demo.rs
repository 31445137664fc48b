//! `demo`: the main job on real input, in this process. A release of the real platform, then one whose
//! migration fails, and a way out of that.
//!
//! Nothing here is written in advance: commits are real, plans are planned, and every number is counted in the
//! simulated world after it happened. If that world saw a promise broken, the demo fails.

mod live;
mod repository;
mod stage;
mod summary;
mod users;

use std::time::Duration;

use anstyle::{AnsiColor, Style};

use super::error::{CliError, Exit};
use super::{preview, ui};
use crate::clock::SystemClock;
use crate::execute::Silent;
use crate::model::Version;
use crate::reconcile::{Run, RunOutcome};
use crate::report::run::{self as report, HistoryView, RunView};
use crate::report::{status, text, time_format};
use crate::signals;
use crate::sim::{Outcome, Pace};
use live::Live;
use stage::Stage;

const DIM: Style = Style::new().dimmed();
const BOLD: Style = Style::new().bold();
const CYAN: Style = AnsiColor::Cyan.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const RED: Style = AnsiColor::Red.on_default();
const GREEN: Style = AnsiColor::Green.on_default();

/// See the main job: a release, a migration that fails, a way out; no account, no network
///
/// Makes a git repository from the declarations of a real platform, in a temporary folder, and brings that
/// platform up in a simulated AWS account inside this process. Takes a quarter of a minute.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Do not slow down for people to follow
    #[arg(long)]
    fast: bool,
    /// Leave the git repository behind, to go on with
    #[arg(long)]
    keep: bool,
}

pub(super) fn run(args: &Args) -> Result<Exit, CliError> {
    let interrupt = signals::listen(signals::ONE_SHOT, |_| {})
        .map_err(|error| CliError::internal("cannot listen to signals").because(&error))?;
    let mut demo = Demo { stage: Stage::set(interrupt)?, is_fast: args.fast };
    let began_at = demo.stage.now();
    demo.runs()?;
    demo.is_released()?;
    let failed = demo.fails()?;
    demo.finds_a_way_out(&failed)?;
    demo.sums_up(began_at)?;
    demo.says_goodbye(args.keep)?;
    Ok(Exit::Done)
}

struct Demo {
    stage: Stage,
    is_fast: bool,
}

impl Demo {
    /// Act one: production, as git declares it.
    fn runs(&mut self) -> Result<(), CliError> {
        let (environments, revision) = (self.stage.environments(), self.stage.wanted().revision.clone());
        self.act(1, "Production runs", &format!(
            "A git repository declares {environments} environments (commit {}). One of them is built in a\n\
             simulated AWS account, and tidegate has met it before.",
            revision.short()
        ))?;
        let first = self.stage.converge(Pace::Jump, &Silent)?;
        self.expect(&first, RunOutcome::Converged)?;
        self.stage.wait_for_window();
        self.prompt("tidegate status production")?;
        let seen = self.stage.look()?;
        ui::print(&status::text(&preview::status_view(self.stage.spec(), &seen)))?;
        self.pause(700);
        Ok(())
    }

    /// Act two: a whole release.
    fn is_released(&mut self) -> Result<(), CliError> {
        let versions = ["core", "library", "client"].map(|key| (key, self.next(key, bump_minor)));
        let to = versions[0].1.clone();
        self.act(
            2,
            "A release is merged",
            "Three versions change in one line each. `core` migrates the database.",
        )?;
        self.commit(&format!("Release core {to}"), &versions)?;
        self.prompt("tidegate plan production")?;
        let seen = self.stage.look()?;
        let mut view = preview::plan_view(self.stage.spec(), &seen);
        // One definition shows what all of them look like.
        view.diffs.retain(|service, _| service.as_str() == "graasp");
        ui::print(&text::plan(&view))?;
        self.pause(1200);
        self.prompt("tidegate apply production")?;
        let run = self.play(200)?;
        self.expect(&run, RunOutcome::Converged)?;
        self.pause(400);
        self.prompt("tidegate history production --limit 1")?;
        self.history(&run)?;
        self.pause(900);
        Ok(())
    }

    /// Act three: a migration that fails, and how that is held. Gives the version that failed.
    fn fails(&mut self) -> Result<String, CliError> {
        self.stage.pass(5);
        let versions = ["core", "client"].map(|key| (key, self.next(key, bump_minor)));
        let to = versions[0].1.clone();
        self.stage.script(&to, Outcome::Exit { code: 1, partial: false });
        self.act(3, "A migration fails", "The next release has a mistake in its migration.")?;
        self.commit(&format!("Release core {to}"), &versions)?;
        self.prompt("tidegate apply production")?;
        let run = self.play(400)?;
        self.expect(&run, RunOutcome::Held)?;
        self.pause(400);
        self.prompt("tidegate status production")?;
        let seen = self.stage.look()?;
        ui::print(&status::text(&preview::status_view(self.stage.spec(), &seen)))?;
        self.what_users_see()?;
        let before = self.stage.migration_tasks();
        self.stage.pass(10);
        let again = self.stage.converge(Pace::Jump, &Silent)?;
        self.expect(&again, RunOutcome::Held)?;
        let started = self.stage.migration_tasks() - before;
        ui::print(&format!(
            "\nTen minutes later tidegate looks again: still held, {} migrations started since.\n",
            if started == 0 { "no".to_owned() } else { started.to_string() }
        ))?;
        self.pause(1200);
        Ok(to)
    }

    /// Act four: one of the ways out.
    fn finds_a_way_out(&mut self, failed: &str) -> Result<(), CliError> {
        let versions = ["core", "client"].map(|key| (key, self.next(key, bump_patch)));
        let to = versions[0].1.clone();
        self.act(
            4,
            "One way out: a newer version in git",
            &format!("{to} corrects what {failed} got wrong."),
        )?;
        self.commit(&format!("Release core {to}: the migration is corrected"), &versions)?;
        self.prompt("tidegate apply production")?;
        let run = self.play(400)?;
        self.expect(&run, RunOutcome::Converged)?;
        self.pause(500);
        Ok(())
    }

    fn sums_up(&mut self, began_at: crate::model::Instant) -> Result<(), CliError> {
        self.act(5, "What happened", "Counted in the simulated world, not taken from what tidegate says.")?;
        let summary = summary::Summary::count(&self.stage, began_at)?;
        ui::print(&summary.text())?;
        summary.verdict()
    }

    fn says_goodbye(self, keep: bool) -> Result<(), CliError> {
        let zone = time_format::zone_of(self.stage.spec());
        let opens_at = summary::next_window(self.stage.spec());
        let at = opens_at.map(|at| format!(" --at {}", time_format::rfc3339(at, zone))).unwrap_or_default();
        if !keep {
            return ui::print(&format!(
                "\n{BOLD}Go on{BOLD:#}\n  tidegate demo --keep          # leaves the repository behind, and says how to go on with it\n"
            ));
        }
        let folder = self.stage.keep();
        let folder = folder.display();
        ui::print(&format!(
            "\n{BOLD}Go on{BOLD:#} in {folder}, on a simulated cloud that lasts\n\
             \x20 cd {folder}\n\
             \x20 export TIDEGATE_CLOUD=sim TIDEGATE_STORE={folder}/.store\n\
             \x20 tidegate validate\n\
             \x20 tidegate plan production{at}\n\
             \x20 tidegate apply staging\n\
             \x20 tidegate history staging\n\
             \x20 tidegate schedule dev --days 7\n\
             \x20 tidegate run --repo .         # then commit a change in another terminal\n"
        ))
    }
}

impl Demo {
    fn act(&self, number: u8, title: &str, about: &str) -> Result<(), CliError> {
        self.check_interrupt()?;
        ui::print(&format!("\n{CYAN}{number}  {title}{CYAN:#}\n{about}\n"))?;
        self.pause(200);
        Ok(())
    }

    fn prompt(&self, command: &str) -> Result<(), CliError> {
        self.check_interrupt()?;
        ui::print(&format!("\n{DIM}${DIM:#} {BOLD}{command}{BOLD:#}\n"))
    }

    /// A commit, as git shows it.
    fn commit(&mut self, title: &str, versions: &[(&str, String)]) -> Result<(), CliError> {
        self.prompt("git show")?;
        let diff = self.stage.commit(title, versions)?;
        let revision = self.stage.wanted().revision.clone();
        let mut told = format!("{YELLOW}commit {revision}{YELLOW:#}\n\n    {title}\n\n");
        for line in diff.lines() {
            let style = match line.as_bytes().first() {
                Some(b'+') => GREEN,
                Some(b'-') => RED,
                _ => DIM,
            };
            told.push_str(&format!("{style}{line}{style:#}\n"));
        }
        ui::print(&told)?;
        self.pause(500);
        Ok(())
    }

    /// A run that people watch, so many simulated seconds to a real one.
    fn play(&self, speed: u32) -> Result<Run, CliError> {
        let pace = match self.is_fast {
            true => Pace::Jump,
            false => {
                Pace::Paced { speed, jump_max: Duration::from_millis(600), frame: Duration::from_millis(40) }
            }
        };
        let live = Live::of(&self.stage);
        let run = self.stage.converge(pace, &live);
        live.end(&self.stage);
        run
    }

    fn history(&self, run: &Run) -> Result<(), CliError> {
        let spec = self.stage.spec();
        let (closures, zone) = (self.stage.closures()?, time_format::zone_of(spec));
        let view = RunView { run, closures: &closures, is_under_way: false, now: self.stage.now(), zone };
        ui::print(&report::history_text(&HistoryView { environment: &spec.name, runs: vec![view] }))
    }

    /// What the address of the first check answers to somebody without the header.
    fn what_users_see(&self) -> Result<(), CliError> {
        let spec = self.stage.spec();
        let (Some(check), Some(maintenance)) = (spec.checks.first(), &spec.maintenance) else {
            return Ok(());
        };
        let cloud = self.stage.cloud.cloud(spec);
        let answer = self.stage.clock.block_on(cloud.probe(&check.url, None));
        let answer = answer
            .map_err(|error| CliError::internal("the simulated world does not answer").because(&error))?;
        let meaning = match answer {
            302 => format!(": on to {}", maintenance.page),
            _ => String::new(),
        };
        ui::print(&format!("\n{BOLD}What users see{BOLD:#}  {} answers {answer}{meaning}\n", check.url))
    }

    /// The version after the one that is declared.
    fn next(&self, key: &str, bump: fn([u64; 3]) -> [u64; 3]) -> String {
        let declared = &self.stage.spec().versions[key];
        following(declared, bump)
    }

    /// What was to be shown is what happened, or there is nothing to show.
    fn expect(&self, run: &Run, outcome: RunOutcome) -> Result<(), CliError> {
        self.check_interrupt()?;
        if run.outcome == Some(outcome) {
            return Ok(());
        }
        let ended = run.outcome.map_or("without an end", RunOutcome::as_str);
        let said =
            run.message.iter().cloned().chain(run.blocked.iter().map(|blocked| blocked.message.clone()));
        Err(CliError::internal(format!("a run ended {ended}, not {}", outcome.as_str()))
            .because_of(said.collect::<Vec<_>>().join("; ")))
    }

    fn check_interrupt(&self) -> Result<(), CliError> {
        if self.stage.is_interrupted() {
            return Err(CliError::failure("the demo was stopped; its repository is gone"));
        }
        Ok(())
    }

    /// Time to read.
    fn pause(&self, milliseconds: u64) {
        if !self.is_fast {
            SystemClock.pause(Duration::from_millis(milliseconds));
        }
    }
}

fn bump_minor([major, minor, _]: [u64; 3]) -> [u64; 3] {
    [major, minor + 1, 0]
}

fn bump_patch([major, minor, patch]: [u64; 3]) -> [u64; 3] {
    [major, minor, patch + 1]
}

/// The version that follows `version`, which is `v1.2.3` in the declarations that this program was built with.
fn following(version: &Version, bump: fn([u64; 3]) -> [u64; 3]) -> String {
    let numbers: Vec<u64> =
        version.as_str().trim_start_matches('v').split('.').filter_map(|part| part.parse().ok()).collect();
    let numbers = <[u64; 3]>::try_from(numbers).expect("the demo's versions have three numbers");
    let [major, minor, patch] = bump(numbers);
    format!("v{major}.{minor}.{patch}")
}
