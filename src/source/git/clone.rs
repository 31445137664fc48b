//! A clone: a bare repository beside the store that holds what was fetched.
//!
//! It is a cache. If a crash or a full disk has left it unusable, tidegate deletes it and clones again; a lock
//! file keeps two processes from doing that at the same time. A poll that hangs keeps its lock: the next one uses a
//! clone beside it, and none waits. Nothing in it names the remote's credentials.
//!
//! History: an empty clone takes the newest commit alone (depth 1). Later fetches bring the commits since
//! then, which is enough to recognise a fast-forward. If that does not reach the accepted revision, the whole
//! history is fetched, once: tidegate never reports a force-push from half a history.

use std::fs::{self, File, TryLockError};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use git2::{AutotagOption, FetchOptions, Oid, Repository};
use sha2::{Digest, Sha256};

use super::connection::Connection;
use super::libgit2::{git_error, is_empty};
use super::resolve::{ResolvedRev, is_commit};
use super::{checkout, history};
use crate::source::limits::HANGING_MAX;
use crate::source::{Poll, RemoteStep, SourceError};

/// Where fetched references are kept.
const TIP: &str = "refs/tidegate/tip";
const EVERYTHING: [&str; 2] = ["+refs/heads/*:refs/tidegate/heads/*", "+refs/tags/*:refs/tidegate/tags/*"];

const FINDING: &str = "find the fetched commit";

/// libgit2's `GIT_FETCH_DEPTH_UNSHALLOW`.
const WHOLE_HISTORY: i32 = i32::MAX;

/// What a poll asks of the clone.
pub(super) struct FetchRequest<'a> {
    pub(super) rev: &'a ResolvedRev,
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
    request: &FetchRequest<'_>,
) -> Result<Poll, SourceError> {
    let (path, _lock) = lock_one(path, &connection.place())?;
    let path = path.as_path();
    let existed = path.exists();
    match attempt(path, connection, request) {
        Err(SourceError::Git { .. }) if existed => {
            fs::remove_dir_all(path).map_err(clone_error(path))?;
            attempt(path, connection, request)
        }
        result => result,
    }
}

fn attempt(
    path: &Path,
    connection: &Connection<'_>,
    request: &FetchRequest<'_>,
) -> Result<Poll, SourceError> {
    let place = connection.place();
    let id = fetch_missing(&open(path, &place)?, connection, request)?;
    // Opened again: libgit2 remembers where a shallow history ended, even after the rest was fetched.
    let repository = open(path, &place)?;
    let commit = repository.find_commit(id).map_err(git_error(FINDING, &place))?;
    let tree = checkout::read(&repository, &commit, &place, request.folder)?;
    Ok(history::answer(request.accepted, contains_accepted(&repository, id, request), tree))
}

fn open(path: &Path, place: &str) -> Result<Repository, SourceError> {
    let opened = if path.exists() { Repository::open_bare(path) } else { Repository::init_bare(path) };
    opened.map_err(git_error("open the clone", place))
}

fn contains_accepted(repository: &Repository, tip: Oid, request: &FetchRequest<'_>) -> bool {
    request.accepted.is_none_or(|accepted| history::contains(repository, tip, accepted))
}

/// Fetches what is missing; the requested commit is in the clone afterwards.
fn fetch_missing(
    repository: &Repository,
    connection: &Connection<'_>,
    request: &FetchRequest<'_>,
) -> Result<Oid, SourceError> {
    let (name, id) = match request.rev {
        ResolvedRev::Commit(id) => return fetch_commit(repository, connection, id),
        ResolvedRev::Reference { name, id } => (name, *id),
    };
    let spec = [format!("+{name}:{TIP}")];
    if repository.find_object(id, None).is_err() {
        fetch(repository, connection, &spec, if is_empty(repository) { 1 } else { 0 })?;
    }
    let commit = repository
        .find_object(id, None)
        .and_then(|object| object.peel_to_commit())
        .map_err(git_error(FINDING, &connection.place()))?;
    if repository.is_shallow() && !contains_accepted(repository, commit.id(), request) {
        fetch(repository, connection, &spec, WHOLE_HISTORY)?;
    }
    Ok(commit.id())
}

/// A commit that no listing names. Not every server sends a commit by its id, so all branches and tags are
/// fetched with their history. Once: a commit never changes.
fn fetch_commit(repository: &Repository, connection: &Connection<'_>, id: &str) -> Result<Oid, SourceError> {
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
        // The local transport and old servers refuse a shallow fetch; fetch the whole history instead.
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
        .map_err(git_error("set up the remote", &place))?;
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

/// Locks the first clone that no other poll uses, and removes those beside it that no poll uses any longer.
fn lock_one(path: &Path, place: &str) -> Result<(PathBuf, File), SourceError> {
    let folder = path.parent().expect("a clone is always made inside a folder");
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(clone_error(folder))?;
    if let Some(lock) = try_lock(path)? {
        for number in 1..=HANGING_MAX {
            let other = beside(path, number);
            if other.exists() && try_lock(&other)?.is_some() {
                fs::remove_dir_all(&other).map_err(clone_error(&other))?;
            }
        }
        return Ok((path.to_owned(), lock));
    }
    for number in 1..=HANGING_MAX {
        let other = beside(path, number);
        if let Some(lock) = try_lock(&other)? {
            return Ok((other, lock));
        }
    }
    Err(SourceError::StillTrying { place: place.to_owned() })
}

/// The clone that a poll uses while others hang.
fn beside(path: &Path, number: usize) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!("-{number}"));
    PathBuf::from(name)
}

/// None: another poll holds the lock.
fn try_lock(path: &Path) -> Result<Option<File>, SourceError> {
    let path = path.with_extension("lock");
    let mut options = File::options();
    let file = options.create(true).truncate(false).write(true).mode(0o600).open(&path);
    let file = file.map_err(clone_error(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(clone_error(&path)(error)),
    }
}

fn clone_error(path: &Path) -> impl FnOnce(std::io::Error) -> SourceError {
    move |source| SourceError::Clone { path: path.to_owned(), source }
}
