//! The demo as people run it: what it shows, in which order, and that its last words are true.

use std::path::Path;

use crate::cli::Machine;

/// The demo without its slowness, its temporary files in a folder of its own.
fn demo(machine: &Machine, arguments: &[&str]) -> (i32, String) {
    let folder = machine.home().join("tmp");
    std::fs::create_dir_all(&folder).unwrap();
    let output = machine.command(&["demo", "--fast"]).args(arguments).env("TMPDIR", folder).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{said}");
    (output.status.code().unwrap(), said)
}

fn left_behind(machine: &Machine) -> usize {
    std::fs::read_dir(machine.home().join("tmp")).unwrap().count()
}

#[test]
fn the_demo_shows_a_release_a_hold_and_a_way_out() {
    let machine = Machine::new();
    let (code, said) = demo(&machine, &[]);
    assert_eq!(code, 0, "{said}");
    let in_order = [
        "1  Production runs",
        "production  ",
        "as declared",
        "2  A release is merged",
        "+  core: v",
        "$ tidegate plan production",
        "expected downtime: ~",
        "$ tidegate apply production",
        "close the gate ",
        "users see the maintenance page from here on",
        "drain ",
        "stop services ",
        "take a snapshot ",
        "migrate ",
        "record the schema version ",
        "start services ",
        "switch sites ",
        "check ",
        "open the gate ",
        "users get through again, after ",
        "$ tidegate history production",
        "users    saw the maintenance page for ",
        "3  A migration fails",
        "failed",
        "attempt 1, ended",
        "held: a person must decide",
        "closed: users see the maintenance page",
        "hint: run the same migration again: tidegate retry production",
        "answers 302: on to https://maintenance.graasp.org/",
        "still held, no migrations started since",
        "4  One way out",
        "open the gate ",
        "users get through again, after ",
        "5  What happened",
        "opened, after ",
        "held: migration-failed, after ",
        "opened, after ",
        "locked out for ",
        "3 tasks started; the schema changed twice",
        "none broken",
        "tidegate demo --keep",
    ];
    let mut rest = said.as_str();
    for text in in_order {
        let found =
            rest.find(text).unwrap_or_else(|| panic!("`{text}` is missing, or too early, in\n{said}"));
        rest = &rest[found + text.len()..];
    }
    assert!(!said.contains('\u{1b}'), "colours where nobody sees them");
    let wide: Vec<&str> = said.lines().filter(|line| line.chars().count() > 100).collect();
    assert!(wide.is_empty(), "{wide:#?}");
    assert_eq!(left_behind(&machine), 0, "the repository goes with the demo");
}

#[test]
fn what_the_demo_leaves_behind_can_be_gone_on_with() {
    let machine = Machine::new();
    let (code, said) = demo(&machine, &["--keep"]);
    assert_eq!(code, 0, "{said}");
    let lines: Vec<&str> =
        said.lines().skip_while(|line| !line.starts_with("Go on in")).map(str::trim).collect();
    let folder = lines.iter().find_map(|line| line.strip_prefix("cd ")).expect("it says where");
    let variables: Vec<(&str, &str)> = lines
        .iter()
        .filter_map(|line| line.strip_prefix("export "))
        .flat_map(|line| line.split_whitespace().map(|one| one.split_once('=').unwrap()))
        .collect();
    assert_eq!(variables.len(), 2);
    let commands: Vec<&str> = lines.iter().filter_map(|line| line.strip_prefix("tidegate ")).collect();
    assert!(commands.len() > 4, "{commands:?}");
    for command in commands {
        let arguments: Vec<&str> = command.split_whitespace().take_while(|word| *word != "#").collect();
        if arguments[0] == "run" {
            continue; // It goes on for ever; the daemon has tests of its own.
        }
        let mut tidegate = machine.command(&arguments);
        let output =
            tidegate.current_dir(Path::new(folder)).envs(variables.iter().copied()).output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "tidegate {command}: {err}");
        assert!(!output.stdout.is_empty(), "tidegate {command}");
    }
}
