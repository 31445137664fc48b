//! What systemd sees: the notifications, and the unit.

use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::time::Duration;

use super::host::Host;

#[test]
fn systemd_is_notified_when_it_is_ready_of_its_status_its_life_and_its_end() {
    let host = Host::new();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(90))).unwrap();
    let hear = |wanted: &str| {
        let mut heard = String::new();
        while !heard.contains(wanted) {
            let mut bytes = [0; 4096];
            let length = socket.recv(&mut bytes).unwrap_or_else(|error| panic!("{wanted}: {error}, {heard}"));
            heard.push_str(std::str::from_utf8(&bytes[..length]).unwrap());
        }
    };
    let variables = [("NOTIFY_SOCKET", path.to_str().unwrap()), ("WATCHDOG_USEC", "3000000")];
    let repository = host.repository_path();
    let daemon = host.start_at(&repository, &["--log-format", "json"], &variables);
    hear("READY=1\n");
    hear("shop as declared\n");
    // Once at the start, and again while the daemon runs.
    hear("WATCHDOG=1\n");
    hear("WATCHDOG=1\n");
    daemon.signal("TERM");
    hear("STOPPING=1\n");
    let (status, told) = daemon.end();
    assert_eq!(status.code(), Some(0));
    for line in told.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(line["message"].is_string() && line["level"].is_string(), "{line}");
    }
}

/// Not every machine that builds this runs systemd (containers and macOS do not), and its own tool is the only
/// judge of a unit: where it is missing there is nothing to ask.
#[test]
#[expect(clippy::disallowed_methods, reason = "systemd's own tool judges the unit")]
fn systemd_accepts_the_unit_where_there_is_a_systemd() {
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        return;
    }
    let unit = include_str!("../../../systemd/tidegate.service");
    // `verify` wants the program to be there.
    let unit = unit.replace("/usr/local/bin/tidegate", env!("CARGO_BIN_EXE_tidegate"));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tidegate.service");
    std::fs::write(&path, unit).unwrap();
    let output = Command::new("systemd-analyze").arg("verify").arg(&path).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let ours: Vec<&str> = said.lines().filter(|line| line.contains("tidegate")).collect();
    assert!(output.status.success() && ours.is_empty(), "{said}");
}

#[test]
fn every_variable_of_the_environment_file_is_one_that_is_read() {
    let machine = crate::cli::Machine::new();
    let help = machine.run(&["run", "--help"]).out;
    let file = include_str!("../../../systemd/tidegate.env");
    let names: Vec<&str> = file
        .lines()
        .filter_map(|line| line.trim_start_matches('#').split_once('='))
        .map(|(name, _)| name)
        .filter(|name| name.starts_with("TIDEGATE_"))
        .collect();
    assert!(names.len() > 5, "{names:?}");
    let unread: Vec<_> = names.into_iter().filter(|name| !help.contains(name)).collect();
    assert!(unread.is_empty(), "{unread:?}");
}
