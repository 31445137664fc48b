//! A real daemon, a real git repository and a real store, in temporary folders.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use git2::{IndexAddOption, Repository, RepositoryInitOptions, Signature, Time};
use tempfile::TempDir;
use tidegate::daemon::mailbox::{self, Poke};
use tidegate::model::EnvironmentName;
use tidegate::reconcile::Run;
use tidegate::store::{LocalStore, Store as _};

use crate::rig::program;

/// The declarations that the tests begin with.
pub const SHOP: &str = include_str!("../../cases/plan/shop.yaml");

/// How long a line may take on a machine that is busy with everything else.
const PATIENCE: Duration = Duration::from_secs(90);

/// Who commits, and when: long ago.
fn ann() -> Signature<'static> {
    Signature::new("Ann", "ann@example.org", &Time::new(1_700_000_000, 0)).unwrap()
}

/// The machine that a daemon runs on.
pub struct Host {
    home: TempDir,
    repository: Repository,
}

impl Host {
    /// With a repository that declares `shop`.
    pub fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let mut options = RepositoryInitOptions::new();
        options.initial_head("main").external_template(false);
        let repository = Repository::init_opts(home.path().join("repository"), &options).unwrap();
        // Stronger than what the user who runs the tests has set for all repositories.
        let mut config = repository.config().unwrap();
        config.set_str("core.excludesFile", "/dev/null").unwrap();
        config.set_str("core.autocrlf", "false").unwrap();
        let host = Self { home, repository };
        host.commit(&[("shop", Some(SHOP))]);
        host
    }

    pub fn store_root(&self) -> PathBuf {
        self.home.path().join("store")
    }

    pub fn store(&self) -> LocalStore {
        LocalStore::open(self.store_root()).unwrap()
    }

    pub fn repository_path(&self) -> String {
        self.folder().to_str().unwrap().to_owned()
    }

    fn folder(&self) -> &Path {
        self.repository.workdir().unwrap()
    }

    fn stage(&self, files: &[(&str, Option<&str>)]) -> git2::Oid {
        std::fs::create_dir_all(self.folder().join("environments")).unwrap();
        for (name, text) in files {
            let path = self.folder().join(format!("environments/{name}.yaml"));
            match text {
                Some(text) => std::fs::write(path, text).unwrap(),
                None => std::fs::remove_file(path).unwrap(),
            }
        }
        let mut index = self.repository.index().unwrap();
        index.add_all(["*"], IndexAddOption::DEFAULT, None).unwrap();
        index.update_all(["*"], None).unwrap();
        index.write().unwrap();
        index.write_tree().unwrap()
    }

    /// Commits these files (none = deleted), and says which commit that is.
    pub fn commit(&self, files: &[(&str, Option<&str>)]) -> String {
        let tree = self.stage(files);
        let tree = self.repository.find_tree(tree).unwrap();
        let parent = self.repository.head().ok().map(|head| head.peel_to_commit().unwrap());
        let parents: Vec<_> = parent.iter().collect();
        let ann = ann();
        self.repository.commit(Some("HEAD"), &ann, &ann, "change", &tree, &parents).unwrap().to_string()
    }

    /// The same, with a history that holds nothing of the one before.
    pub fn rewrite(&self, files: &[(&str, Option<&str>)]) -> String {
        let tree = self.stage(files);
        let tree = self.repository.find_tree(tree).unwrap();
        let ann = ann();
        let commit = self.repository.commit(None, &ann, &ann, "begin again", &tree, &[]).unwrap();
        let branch = self.repository.head().unwrap().name().unwrap().to_owned();
        self.repository.reference(&branch, commit, true, "rewritten").unwrap();
        commit.to_string()
    }

    /// Shop with another version of core.
    pub fn release(&self, version: &str) -> String {
        self.commit(&[("shop", Some(&SHOP.replace("core: v1.4.0", &format!("core: {version}"))))])
    }

    /// The daemon that follows the repository, looking at it this often.
    pub fn start(&self, poll_interval: &str) -> Daemon {
        self.start_at(&self.repository_path(), &["--poll-interval", poll_interval], &[])
    }

    /// The daemon of a repository, with more arguments and variables.
    pub fn start_at(&self, place: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Daemon {
        let mut command = program(self.home.path(), &["run", "--cloud", "sim", "--repo", place, "--store"]);
        command.arg(self.store_root()).args(arguments).envs(variables.iter().copied());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let (tell, lines) = channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || stderr.lines().map_while(Result::ok).try_for_each(|line| tell.send(line)));
        Daemon { child, lines, heard: VecDeque::new() }
    }

    /// Runs another command of this host to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        program(self.home.path(), arguments).env("COLUMNS", "200").output().unwrap()
    }

    /// Pokes the daemon of this host.
    pub fn poke(&self, accept_revision: Option<String>) {
        let poke = Poke { who: "ann@laptop".to_owned(), accept_revision };
        mailbox::tell(&self.store_root(), &poke).unwrap().expect("a daemon runs");
    }

    /// The history of shop, newest first.
    pub fn runs(&self) -> Vec<Run> {
        let runs = self.store().list_runs(&EnvironmentName::new("shop"), 100).unwrap();
        runs.into_iter().map(|run| serde_json::from_value(run.value).unwrap()).collect()
    }
}

/// A daemon that runs; killed when a test ends without it.
pub struct Daemon {
    child: Child,
    lines: Receiver<String>,
    heard: VecDeque<String>,
}

impl Daemon {
    /// Reads on until a line holds all these texts, and gives the lines up to it.
    pub fn hear(&mut self, texts: &[&str]) -> Vec<String> {
        let mut passed = Vec::new();
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => {
                    passed.push(line.clone());
                    self.heard.push_back(line.clone());
                    if texts.iter().all(|text| line.contains(text)) {
                        return passed;
                    }
                }
                Err(error) => panic!("waiting for {texts:?}: {error}, after\n{}", self.told()),
            }
        }
    }

    /// Everything it has said.
    pub fn told(&self) -> String {
        self.heard.iter().map(|line| format!("{line}\n")).collect()
    }

    /// Sends a signal.
    #[expect(
        clippy::disallowed_methods,
        reason = "signals are sent by a shell: there is no safe call for it"
    )]
    pub fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Waits for its end, and reads what it said until then.
    pub fn end(mut self) -> (ExitStatus, String) {
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            self.heard.push_back(line);
        }
        (self.child.wait().unwrap(), self.told())
    }

    /// Asks it to go, and waits.
    pub fn stop(self) -> (ExitStatus, String) {
        self.signal("TERM");
        self.end()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
