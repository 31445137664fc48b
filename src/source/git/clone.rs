//! A clone: a bare repository beside the store that holds what was fetched.
//!
//! It is a cache. One that a crash or a full disk has left unusable is thrown away and made again, and one
//! lock file keeps two processes from doing that to each other. Nothing in it names the remote's credentials.
//!
//! History: an empty clone takes the newest commit alone (depth 1). Later fetches bring the commits since
//! then, which is all that a fast-forward needs to be recognised. Only when that does not reach the accepted
//! revision is the whole history fetched, once: "rewritten" is never claimed from half a history.

use std::fs::{self, File};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use git2::{AutotagOption, FetchOptions, Oid, Repository};
use sha2::{Digest, Sha256};

use super::choice::{Choice, is_commit};
use super::remote::Connection;
use super::{broken, checkout, history, is_empty};
use crate::source::{Poll, RemoteStep, SourceError};

/// Where fetched references are kept.
const TIP: &str = "refs/tidegate/tip";
const EVERYTHING: [&str; 2] = ["+refs/heads/*:refs/tidegate/heads/*", "+refs/tags/*:refs/tidegate/tags/*"];

const FINDING: &str = "find the fetched commit";

/// libgit2's `GIT_FETCH_DEPTH_UNSHALLOW`.
const WHOLE_HISTORY: i32 = i32::MAX;

/// What a poll wants of the clone.
pub(super) struct FetchTarget<'a> {
    pub(super) choice: &'a Choice,
    pub(super) folder: &'a str,
    pub(super) accepted: Option<Oid>,
}

/// The folder of one remote's clone inside the folder of all clones.
pub(super) fn folder_for(clones: &Path, shown_url: &str) -> PathBuf {
    let hash = Sha256::digest(shown_url.as_bytes());
    let hash: String = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    clones.join(hash)
}

/// Brings the clone up to date and answers from it.
pub(super) fn answer(
    path: &Path,
    connection: &Connection<'_>,
    wanted: &FetchTarget<'_>,
) -> Result<Poll, SourceError> {
    let _lock = lock(path)?;
    let existed = path.exists();
    match attempt(path, connection, wanted) {
        Err(SourceError::Git { .. }) if existed => {
            fs::remove_dir_all(path).map_err(keeping(path))?;
            attempt(path, connection, wanted)
        }
        result => result,
    }
}

fn attempt(path: &Path, connection: &Connection<'_>, wanted: &FetchTarget<'_>) -> Result<Poll, SourceError> {
    let place = connection.place();
    let id = bring(&open(path, &place)?, connection, wanted)?;
    // Opened anew: libgit2 remembers where a shallow history ended, also after the rest has come.
    let repository = open(path, &place)?;
    let commit = repository.find_commit(id).map_err(broken(FINDING, &place))?;
    let tree = checkout::read(&repository, &commit, &place, wanted.folder)?;
    Ok(history::answer(wanted.accepted, reaches(&repository, id, wanted), tree))
}

fn open(path: &Path, place: &str) -> Result<Repository, SourceError> {
    let opened = if path.exists() { Repository::open_bare(path) } else { Repository::init_bare(path) };
    opened.map_err(broken("open the clone", place))
}

fn reaches(repository: &Repository, tip: Oid, wanted: &FetchTarget<'_>) -> bool {
    wanted.accepted.is_none_or(|accepted| history::contains(repository, tip, accepted))
}

/// Fetches what is missing; the wanted commit is there afterwards.
fn bring(
    repository: &Repository,
    connection: &Connection<'_>,
    wanted: &FetchTarget<'_>,
) -> Result<Oid, SourceError> {
    let (name, id) = match wanted.choice {
        Choice::Commit(id) => return by_id(repository, connection, id),
        Choice::Reference { name, id } => (name, *id),
    };
    let spec = [format!("+{name}:{TIP}")];
    if repository.find_object(id, None).is_err() {
        fetch(repository, connection, &spec, if is_empty(repository) { 1 } else { 0 })?;
    }
    let commit = repository
        .find_object(id, None)
        .and_then(|object| object.peel_to_commit())
        .map_err(broken(FINDING, &connection.place()))?;
    if repository.is_shallow() && !reaches(repository, commit.id(), wanted) {
        fetch(repository, connection, &spec, WHOLE_HISTORY)?;
    }
    Ok(commit.id())
}

/// A commit that no listing names: not every server hands one out by its id, so all branches and tags are
/// fetched, whole. Once: a commit never changes.
fn by_id(repository: &Repository, connection: &Connection<'_>, id: &str) -> Result<Oid, SourceError> {
    debug_assert!(is_commit(id), "anything else could mean something to git's revision parser");
    let find = || repository.revparse_single(id)?.peel_to_commit().map(|commit| commit.id());
    if let Ok(found) = find() {
        return Ok(found);
    }
    let depth = if repository.is_shallow() { WHOLE_HISTORY } else { 0 };
    fetch(repository, connection, &EVERYTHING.map(str::to_owned), depth)?;
    find().map_err(|_| SourceError::UnknownRev {
        place: connection.place(),
        rev: id.to_owned(),
        known: connection.known(),
    })
}

fn fetch(
    repository: &Repository,
    connection: &Connection<'_>,
    specs: &[String],
    depth: i32,
) -> Result<(), SourceError> {
    match fetch_once(repository, connection, specs, depth) {
        // The local transport, and old servers, refuse to be shallow: then the whole history it is.
        Err(SourceError::Remote { message, .. }) if depth > 0 && message.contains("shallow") => {
            fetch_once(repository, connection, specs, 0)
        }
        result => result,
    }
}

fn fetch_once(
    repository: &Repository,
    connection: &Connection<'_>,
    specs: &[String],
    depth: i32,
) -> Result<(), SourceError> {
    let place = connection.place();
    let mut remote = repository
        .remote_anonymous(connection.url().with_credentials())
        .map_err(broken("address the remote", &place))?;
    connection.transfer(RemoteStep::Fetch, |callbacks, proxy| {
        let mut options = FetchOptions::new();
        options
            .remote_callbacks(callbacks)
            .proxy_options(proxy)
            .depth(depth)
            .download_tags(AutotagOption::None)
            // FETCH_HEAD would hold the URL.
            .update_fetchhead(false);
        remote.fetch(specs, Some(&mut options), Some("tidegate"))
    })
}

/// Waits for the lock. Its holder has a deadline, and so has whoever waits here.
fn lock(path: &Path) -> Result<File, SourceError> {
    let folder = path.parent().expect("a clone is always made inside a folder");
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(keeping(folder))?;
    let path = path.with_extension("lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(&path)
        .map_err(keeping(&path))?;
    file.lock().map_err(keeping(&path))?;
    Ok(file)
}

fn keeping(path: &Path) -> impl FnOnce(std::io::Error) -> SourceError {
    move |source| SourceError::Clone { path: path.to_owned(), source }
}
