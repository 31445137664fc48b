//! The real binary in a hermetic place: no variables of the machine, its own home, the files of this
//! repository.

mod apply;
mod build;
mod busy;
mod commands;
mod documented;
mod errors;
mod help;
mod import;
mod kill;
mod place;
mod plan;
mod poke;
mod requests;
mod schedule;
mod secrets;
#[cfg(feature = "aws")]
mod shutdown;
mod standing;
mod status;

use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use tempfile::TempDir;

use crate::rig::{program, program_on_aws};

/// A person's machine, as far as tidegate sees it.
pub(crate) struct Machine {
    home: TempDir,
}

/// How a command ended.
pub(crate) struct Ended {
    /// Exit code.
    pub(crate) code: i32,
    /// Standard output.
    pub(crate) out: String,
    /// Standard error.
    pub(crate) err: String,
}

impl Machine {
    /// A new one.
    pub(crate) fn new() -> Self {
        // Not in `TMPDIR`: texts wrap after paths, so those have the same length on every machine.
        Self { home: tempfile::tempdir_in("/tmp").unwrap() }
    }

    /// Its home folder.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// tidegate with these arguments, at the root of this repository.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        Command::from_std(program(self.home(), args))
    }

    /// The same with AWS as its cloud, for which nobody has given credentials.
    pub(crate) fn command_on_aws(&self, args: &[&str]) -> Command {
        Command::from_std(program_on_aws(self.home(), args))
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Ended {
        let output = self.command(args).output().unwrap();
        self.ended(output)
    }

    /// What it said, without what differs from machine to machine.
    pub(crate) fn ended(&self, output: Output) -> Ended {
        let text = |bytes: Vec<u8>| {
            let text = String::from_utf8(bytes).unwrap();
            text.replace(&self.home().display().to_string(), "~")
                .replace(env!("CARGO_MANIFEST_DIR"), "[repository]")
        };
        Ended {
            code: output.status.code().expect("it ended by itself"),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }

    /// A file below the home folder.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.home().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}
