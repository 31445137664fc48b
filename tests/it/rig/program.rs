//! The real program in a place of its own: the one file that starts it, so that no test depends on the day, the
//! zone, the user, the terminal or the variables of the machine that runs it.

use std::path::Path;
use std::process::{Command, Stdio};

/// When the program begins, whatever the machine's clock says: a Monday morning. Earlier than every simulated world
/// of these tests, so that the time of a world stands still until a command lets some pass.
pub const TODAY: &str = "2026-11-23T09:00:00Z";

/// What the program reads of its surroundings, always the same.
const VARIABLES: [(&str, &str); 9] = [
    ("USER", "ann"),
    ("HOSTNAME", "laptop"),
    ("TZ", "UTC"),
    ("LANG", "C.UTF-8"),
    ("TERM", "dumb"),
    ("COLUMNS", "100"),
    ("AWS_EC2_METADATA_DISABLED", "true"),
    (CLOUD, "sim"),
    (NOW, TODAY),
];
const CLOUD: &str = "TIDEGATE_CLOUD";
const NOW: &str = "TIDEGATE_SIM_NOW";

/// Whether `faketime` reads or sets this variable. A program that went without them would see the real day, and
/// `tests/other-day.sh` would prove nothing.
fn is_of_another_day(name: &str) -> bool {
    name.starts_with("FAKETIME") || ["LD_PRELOAD", "DONT_FAKE_MONOTONIC", "NO_FAKE_STAT"].contains(&name)
}

/// tidegate with these arguments, for a person who lives in `home`; at the root of this repository, on the simulated
/// cloud.
pub fn program<S: AsRef<std::ffi::OsStr>>(home: &Path, arguments: &[S]) -> Command {
    let mut command = bare(Path::new(env!("CARGO_BIN_EXE_tidegate")));
    command.args(arguments).envs(VARIABLES).env("HOME", home).current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}

/// The same for AWS, whose clock is the real one.
pub fn program_on_aws<S: AsRef<std::ffi::OsStr>>(home: &Path, arguments: &[S]) -> Command {
    let mut command = program(home, arguments);
    command.env_remove(CLOUD).env_remove(NOW);
    command
}

/// A program that inherits nothing.
#[expect(clippy::disallowed_methods, reason = "a test starts the program under test")]
pub fn bare(program: &Path) -> Command {
    let mut command = Command::new(program);
    let other_day = std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(is_of_another_day));
    command.env_clear().envs(other_day).stdin(Stdio::null());
    command
}
