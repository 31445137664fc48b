//! `demo`: a release of a real platform, a release whose migration fails, and a way out, all in this process.
//!
//! No output is written in advance: the commits are real, the planner makes the plans, and every number is counted in
//! the simulated AWS account after it happened. If a promise was broken there, the demo fails.

mod live;
mod presenter;
mod repository;
mod stage;
mod summary;
mod users;

use anstyle::Style;

use super::error::{CliError, Exit};
use super::{preview, ui};
use crate::execute::Silent;
use crate::model::Instant;
use crate::reconcile::RunOutcome;
use crate::report::{plan as report, time_format};
use crate::signals;
use crate::sim::{Outcome, Pace};
use presenter::{Presenter, bump_minor, bump_patch};
use stage::Stage;
use summary::Summary;

const BOLD: Style = Style::new().bold();

/// See a release, a failed migration and a way out, without AWS and without a network
///
/// Creates a git repository with the declarations of a real platform in a temporary folder, and simulates the AWS
/// account of that platform in this process. Takes about 15 seconds.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Run at full speed, without pauses for reading
    #[arg(long)]
    fast: bool,
    /// Keep the git repository, to continue with it
    #[arg(long)]
    keep: bool,
}

pub(super) fn run(args: &Args) -> Result<Exit, CliError> {
    let interrupt = signals::listen(signals::ONE_SHOT, |_| {})
        .map_err(|error| CliError::internal("cannot listen to signals").because(&error))?;
    interrupt.begin_work();
    let mut demo = Presenter { stage: Stage::set(interrupt)?, is_fast: args.fast };
    let began_at = demo.stage.now();
    production_runs(&mut demo)?;
    a_release_succeeds(&mut demo)?;
    let failed = a_migration_fails(&mut demo)?;
    a_newer_version_is_the_way_out(&mut demo, &failed)?;
    sum_up(&demo, began_at)?;
    what_to_do_next(demo, args.keep)?;
    Ok(Exit::Done)
}

/// Act one: production, as git declares it.
fn production_runs(demo: &mut Presenter) -> Result<(), CliError> {
    let (environments, revision) = (demo.stage.environments(), demo.stage.declared().revision.clone());
    demo.act(1, "Production runs", &format!(
        "A git repository declares {environments} environments (commit {}). The demo simulates the AWS account\n\
         of one of them, production. tidegate has already reconciled it once. Times are those of {}.",
        revision.short(),
        demo.stage.spec().zone().name()
    ))?;
    let first = demo.stage.converge(Pace::Jump, &Silent)?;
    demo.expect(&first, RunOutcome::Converged)?;
    demo.stage.wait_for_window();
    demo.status()?;
    demo.pause(700);
    Ok(())
}

/// Act two: a whole release.
fn a_release_succeeds(demo: &mut Presenter) -> Result<(), CliError> {
    let versions = ["core", "library", "client"].map(|key| (key, demo.next(key, bump_minor)));
    let to = versions[0].1.clone();
    demo.act(
        2,
        "A release is merged",
        "One commit changes three versions. The new version of `core` migrates the database.",
    )?;
    demo.commit(&format!("Release core {to}"), &versions)?;
    demo.prompt("tidegate plan production")?;
    let preview = demo.stage.preview()?;
    let mut view = preview::plan_view(&preview);
    // One task definition shows what all of them look like.
    view.diffs.retain(|service, _| service.as_str() == "graasp");
    ui::print(&report::text(&view))?;
    demo.pause(1200);
    demo.prompt("tidegate apply production")?;
    let run = demo.play(200)?;
    demo.expect(&run, RunOutcome::Converged)?;
    demo.pause(400);
    demo.prompt("tidegate history production --limit 1")?;
    demo.history(&run)?;
    demo.pause(900);
    Ok(())
}

/// Act three: a migration that fails, and how tidegate holds the environment. Gives the version that failed.
fn a_migration_fails(demo: &mut Presenter) -> Result<String, CliError> {
    demo.stage.pass(5);
    let versions = ["core", "client"].map(|key| (key, demo.next(key, bump_minor)));
    let to = versions[0].1.clone();
    demo.stage.script(&to, Outcome::Exit { code: 1, partial: false });
    demo.act(3, "A migration fails", "The migration of the next release contains a mistake.")?;
    demo.commit(&format!("Release core {to}"), &versions)?;
    demo.prompt("tidegate apply production")?;
    let run = demo.play(400)?;
    demo.expect(&run, RunOutcome::Held)?;
    demo.pause(400);
    demo.status()?;
    demo.what_users_see()?;
    let before = demo.stage.migration_tasks();
    demo.stage.pass(10);
    let again = demo.stage.converge(Pace::Jump, &Silent)?;
    demo.expect(&again, RunOutcome::Held)?;
    let started = demo.stage.migration_tasks() - before;
    ui::print(&format!(
        "\nTen minutes later tidegate looks again. Production is still held; {} more migration tasks were\nstarted.\n",
        if started == 0 { "no".to_owned() } else { started.to_string() }
    ))?;
    demo.pause(1200);
    Ok(to)
}

/// Act four: one of the ways out.
fn a_newer_version_is_the_way_out(demo: &mut Presenter, failed: &str) -> Result<(), CliError> {
    let versions = ["core", "client"].map(|key| (key, demo.next(key, bump_patch)));
    let to = versions[0].1.clone();
    demo.act(
        4,
        "One way out: a newer version in git",
        &format!("Version {to} corrects the migration of {failed}."),
    )?;
    demo.commit(&format!("Release core {to}: the migration is corrected"), &versions)?;
    demo.prompt("tidegate apply production")?;
    let run = demo.play(400)?;
    demo.expect(&run, RunOutcome::Converged)?;
    demo.pause(500);
    Ok(())
}

/// Act five: the numbers.
fn sum_up(demo: &Presenter, began_at: Instant) -> Result<(), CliError> {
    demo.act(
        5,
        "What happened",
        "These numbers were counted in the simulated AWS account, not taken from tidegate's own reports.",
    )?;
    let summary = Summary::count(&demo.stage, began_at)?;
    ui::print(&summary.text())?;
    summary.verdict()
}

fn what_to_do_next(demo: Presenter, keep: bool) -> Result<(), CliError> {
    let zone = time_format::zone_of(demo.stage.spec());
    let opens_at = summary::next_window(demo.stage.spec());
    let at = opens_at.map(|at| format!(" --at {}", time_format::rfc3339(at, zone))).unwrap_or_default();
    if !keep {
        return ui::print(&format!(
            "\n{BOLD}Next{BOLD:#}\n  tidegate demo --keep          # keeps the repository, and prints commands to try in it\n"
        ));
    }
    let folder = demo.stage.keep();
    let folder = folder.display();
    ui::print(&format!(
        "\n{BOLD}Next{BOLD:#}: try these commands in {folder}; the simulated cloud keeps its state there\n\
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
