use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use secrecy::SecretString;

use super::GitSource;
use crate::model::Revision;
use crate::source::fixture::{Repo, changed};
use crate::source::{Credentials, Poll, RemoteUrl, Source, SourceError, TIMEOUT_DEFAULT, Token, Transfers};

fn open(url: &str, rev: Option<&str>, clones: Option<&Path>) -> GitSource {
    let rev = rev.map(str::to_owned);
    let credentials = Credentials::default();
    GitSource::new(RemoteUrl::new(url), rev, "environments", clones, credentials, TIMEOUT_DEFAULT).unwrap()
}

fn dev(content: &str) -> [(&'static str, &str); 1] {
    [("environments/dev.yaml", content)]
}

#[test]
fn an_unchanged_remote_costs_one_listing_and_nothing_else() {
    let repo = Repo::new();
    let first = repo.commit("main", &dev("one"));
    let clones = tempfile::tempdir().unwrap();
    let mut source = open(&repo.url(), None, Some(clones.path()));
    assert_eq!(changed(source.poll().unwrap()).revision, first);
    assert_eq!(source.transfers(), Transfers { listings: 1, fetches: 2 }, "shallow is refused over file://");

    // Not even the clone is opened.
    fs::remove_dir_all(clones.path()).unwrap();
    for _ in 0..3 {
        assert_eq!(source.poll().unwrap(), Poll::Unchanged);
    }
    assert_eq!(source.transfers(), Transfers { listings: 4, fetches: 2 });
    assert!(!clones.path().exists());
}

#[test]
fn a_new_commit_costs_one_listing_and_one_fetch() {
    let repo = Repo::new();
    repo.commit("main", &dev("one"));
    let mut source = open(&repo.url(), None, None);
    source.poll().unwrap();
    let before = source.transfers();
    repo.commit("main", &dev("two"));
    assert_eq!(changed(source.poll().unwrap()).files["environments/dev.yaml"], b"two");
    let after = source.transfers();
    assert_eq!((after.listings - before.listings, after.fetches - before.fetches), (1, 1));
}

#[test]
fn a_restart_finds_its_clone_and_fetches_nothing() {
    let repo = Repo::new();
    let first = repo.commit("main", &dev("one"));
    let clones = tempfile::tempdir().unwrap();
    open(&repo.url(), None, Some(clones.path())).poll().unwrap();
    let mut again = open(&repo.url(), None, Some(clones.path()));
    again.accept(&first);
    assert_eq!(changed(again.poll().unwrap()).revision, first);
    assert_eq!(again.transfers(), Transfers { listings: 1, fetches: 0 });
}

#[test]
fn follows_the_branch_tag_or_commit_it_is_told() {
    let repo = Repo::new();
    let first = repo.commit("main", &dev("one"));
    repo.tag("v1", &first);
    let second = repo.commit("main", &dev("two"));
    let next = repo.commit("next", &dev("three"));
    let clones = tempfile::tempdir().unwrap();
    for (rev, revision) in [
        (None, &second),
        (Some("next"), &next),
        (Some("v1"), &first),
        (Some(&first.as_str()[..8]), &first),
        (Some(first.as_str()), &first),
    ] {
        let mut source = open(&repo.url(), rev, Some(clones.path()));
        assert_eq!(&changed(source.poll().unwrap()).revision, revision, "{rev:?}");
        assert_eq!(source.poll().unwrap(), Poll::Unchanged, "{rev:?}");
    }
    let error = open(&repo.url(), Some("nxt"), None).poll().unwrap_err();
    assert_eq!(error.hint(), "did you mean `next`?");
    let error = open(&repo.url(), Some("0123456789"), None).poll().unwrap_err();
    assert!(matches!(error, SourceError::UnknownRev { .. }), "{error}");
}

#[test]
fn a_commit_never_changes_and_is_not_asked_for_again() {
    let repo = Repo::new();
    let first = repo.commit("main", &dev("one"));
    let mut source = open(&repo.url(), Some(first.as_str()), None);
    source.poll().unwrap();
    let before = source.transfers();
    assert_eq!(source.poll().unwrap(), Poll::Unchanged);
    assert_eq!(source.transfers(), before);
}

#[test]
fn a_forced_push_is_rewritten_until_it_is_accepted() {
    let repo = Repo::new();
    let first = repo.commit("main", &dev("one"));
    let mut source = open(&repo.url(), None, None);
    source.poll().unwrap();
    source.accept(&first);
    let second = repo.commit("main", &dev("two"));
    assert_eq!(changed(source.poll().unwrap()).revision, second);
    source.accept(&second);

    let other = repo.rewrite("main", &dev("other"));
    match source.poll().unwrap() {
        Poll::Rewritten { from, tree } => assert_eq!((from, tree.revision), (second.clone(), other.clone())),
        poll => panic!("{poll:?}"),
    }
    assert_eq!(source.poll().unwrap(), Poll::Unchanged);

    // Pushed back: an ordinary change again.
    let id = git2::Oid::from_str(second.as_str()).unwrap();
    repo.git.reference("refs/heads/main", id, true, "test").unwrap();
    assert_eq!(changed(source.poll().unwrap()).revision, second);
}

#[test]
fn an_accepted_commit_that_the_remote_never_had_is_rewritten() {
    let repo = Repo::new();
    repo.commit("main", &dev("one"));
    let mut source = open(&repo.url(), None, None);
    source.accept(&Revision::commit("1".repeat(40)));
    assert!(matches!(source.poll().unwrap(), Poll::Rewritten { .. }));
}

/// A poll that hangs in a fetch keeps the lock of its clone for as long as the server likes.
#[test]
fn a_poll_that_hangs_with_its_clone_delays_no_other() {
    let repo = Repo::new();
    repo.commit("main", &dev("one"));
    let clones = tempfile::tempdir().unwrap();
    let mut source = open(&repo.url(), None, Some(clones.path()));
    source.poll().unwrap();
    let in_use = || {
        fs::read_dir(clones.path()).unwrap().filter(|entry| entry.as_ref().unwrap().path().is_dir()).count()
    };
    let lock = fs::read_dir(clones.path()).unwrap().map(|entry| entry.unwrap().path());
    let lock = lock.into_iter().find(|path| path.extension().is_some_and(|ending| ending == "lock")).unwrap();
    let hanging = fs::File::open(lock).unwrap();
    hanging.lock().unwrap();
    for content in ["two", "three"] {
        repo.commit("main", &dev(content));
        let tree = changed(source.poll().unwrap());
        assert_eq!(tree.files["environments/dev.yaml"], content.as_bytes());
        assert_eq!(in_use(), 2);
    }
    drop(hanging);
    repo.commit("main", &dev("four"));
    assert_eq!(changed(source.poll().unwrap()).files["environments/dev.yaml"], b"four");
    assert_eq!(in_use(), 1, "the other one is no longer needed");
}

/// One byte at a time, for as long as the client stays: each poll ends at its deadline, and the next one asks again.
#[test]
fn a_server_that_drips_holds_no_poll_beyond_its_deadline() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/environments.git", server.local_addr().unwrap());
    let (connected, connections) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for stream in server.incoming().map_while(Result::ok) {
            connected.send(()).unwrap();
            std::thread::spawn(move || drip(stream));
        }
    });
    let (credentials, deadline) = (Credentials::default(), Duration::from_millis(100));
    let mut source =
        GitSource::new(RemoteUrl::new(&url), None, "environments", None, credentials, deadline).unwrap();
    for _ in 0..3 {
        assert!(matches!(source.poll(), Err(SourceError::Deadline { .. })));
        connections.recv_timeout(Duration::from_secs(60)).expect("each poll asks again");
    }
}

fn drip(mut stream: std::net::TcpStream) {
    // A header that never ends.
    let head = "HTTP/1.1 200 OK\r\nx-slow: ";
    let mut sent = stream.write_all(head.as_bytes());
    while sent.is_ok() {
        crate::clock::SystemClock.pause(Duration::from_millis(20));
        sent = stream.write_all(b"a");
    }
}

#[test]
fn a_clone_that_a_crash_left_unusable_is_made_again() {
    let repo = Repo::new();
    repo.commit("main", &dev("one"));
    type Damage = fn(&Path);
    let damages: [(&str, Damage); 3] = [
        ("a lock of git's", |clone| {
            fs::create_dir_all(clone.join("refs/tidegate")).unwrap();
            fs::write(clone.join("refs/tidegate/tip.lock"), "").unwrap();
        }),
        ("half a repository", |clone| fs::remove_file(clone.join("HEAD")).unwrap()),
        ("lost objects", |clone| {
            fs::remove_dir_all(clone.join("objects")).unwrap();
            fs::create_dir(clone.join("objects")).unwrap();
        }),
    ];
    for (what, damage) in damages {
        let clones = tempfile::tempdir().unwrap();
        open(&repo.url(), None, Some(clones.path())).poll().unwrap();
        let clone = fs::read_dir(clones.path()).unwrap().map(|entry| entry.unwrap().path());
        damage(&clone.into_iter().find(|path| path.is_dir()).unwrap());
        let revision = repo.commit("main", &dev(what));
        let mut source = open(&repo.url(), None, Some(clones.path()));
        assert_eq!(changed(source.poll().unwrap()).revision, revision, "{what}");
    }
}

#[test]
fn a_remote_that_is_away_is_an_error_and_the_next_poll_goes_on() {
    let repo = Repo::new();
    repo.commit("main", &dev("one"));
    let mut source = open(&repo.url(), None, None);
    source.poll().unwrap();
    let head = repo.path().join(".git/HEAD");
    fs::rename(&head, head.with_extension("away")).unwrap();
    assert!(source.poll().is_err());
    fs::rename(head.with_extension("away"), &head).unwrap();
    assert_eq!(source.poll().unwrap(), Poll::Unchanged);
}

#[test]
fn an_empty_remote_and_a_missing_folder_are_named() {
    let error = open(&Repo::new().url(), None, None).poll().unwrap_err();
    assert!(error.to_string().ends_with("has no commits yet"), "{error}");
    let repo = Repo::new();
    repo.commit("main", &[("deploy/dev.yaml", "one")]);
    let mut source = open(&repo.url(), None, None);
    for _ in 0..2 {
        let error = source.poll().unwrap_err();
        assert!(error.to_string().ends_with("its folders are `deploy`"), "reported at every poll: {error}");
    }
}

#[test]
fn no_error_names_a_credential() {
    // Bound and closed again: no server listens there.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let credentials =
        Credentials { ssh_key: None, token: Some(Token::Value(SecretString::from("t0ken-s3cret"))) };
    for url in [
        format!("https://ann:s3cret@127.0.0.1:{port}/x?key=s3cret"),
        format!("http://s3cret@127.0.0.1:{port}/x"),
        "https://ann:s3cret@no such host/x".to_owned(),
        "file:///nowhere?s3cret".to_owned(),
        "wrong://ann:s3cret@host/x".to_owned(),
    ] {
        let url = RemoteUrl::new(&url);
        let mut source =
            GitSource::new(url, None, "environments", None, credentials.clone(), TIMEOUT_DEFAULT).unwrap();
        let error = source.poll().unwrap_err();
        let shown = format!("{error} {error:?} {} {}", error.hint(), source.describe());
        assert!(!shown.contains("s3cret"), "{shown}");
        assert!(shown.contains("cannot list the branches of"), "{shown}");
    }
}

#[test]
fn a_server_that_says_nothing_costs_no_more_than_the_deadline() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = RemoteUrl::new(&format!("http://{}/x", silent.local_addr().unwrap()));
    let soon = Duration::from_millis(50);
    let mut source = GitSource::new(url, None, "environments", None, Credentials::default(), soon).unwrap();
    let error = source.poll().unwrap_err();
    assert!(matches!(error, SourceError::Deadline { .. }), "{error}");
    assert!(error.may_pass());
    assert!(matches!(source.poll().unwrap_err(), SourceError::Deadline { .. }), "it asks again");
}

#[test]
fn a_server_that_refuses_is_asked_no_more_than_twice() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://ann:s3cret@{}/x", server.local_addr().unwrap());
    let requests = std::thread::spawn(move || {
        let mut requests = 0;
        for stream in server.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let first = lines.next().unwrap().unwrap();
            if first == "END" {
                break;
            }
            requests += 1;
            while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
            let refusal = "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"x\"\r\n";
            write!(stream, "{refusal}Content-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
        }
        requests
    });
    let error = open(&url, None, None).poll().unwrap_err();
    assert!(error.hint().contains("git.token_file"), "{error}: {}", error.hint());
    assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");

    let address = url.rsplit('@').next().unwrap().trim_end_matches("/x").to_owned();
    writeln!(std::net::TcpStream::connect(address).unwrap(), "END").unwrap();
    assert!(requests.join().unwrap() <= 2);
}
