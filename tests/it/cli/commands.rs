//! Every command that is printed runs as it is printed, with the flags of the call; every line fits the width.

use std::collections::BTreeSet;

use tidegate::report::page::{Page, VERBS};
use tidegate::sim::Outcome;

use super::place::{NOON, Place, SATURDAY, WINDOW};
use crate::tidy::sources;

/// Every mention of a verb of the program that takes the flags, to the end of the command.
fn commands(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in text.lines() {
        for (at, _) in line.match_indices("tidegate ") {
            let rest = &line[at..];
            let verb = rest["tidegate ".len()..].split([' ', '`', '\n']).next().unwrap_or_default();
            if !VERBS.contains(&verb) || rest.contains(['<', '[']) {
                continue;
            }
            let is_quoted = line[..at].ends_with('`');
            let end = if is_quoted { rest.find('`').unwrap_or(rest.len()) } else { rest.len() };
            found.push(rest[..end].trim_end().to_owned());
        }
    }
    found
}

/// The words as a shell would pass them, with the gaps that a person fills.
fn words(command: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
    for letter in command.chars() {
        match (letter, quote) {
            ('"' | '\'', None) => quote = Some(letter),
            (letter, Some(open)) if letter == open => quote = None,
            (' ', None) => words.push(std::mem::take(&mut word)),
            (letter, _) => word.push(letter),
        }
    }
    words.push(word);
    let filled = |word: String| match word.as_str() {
        "VERSION" => "v1.2.3".to_owned(),
        "ENV" => "production".to_owned(),
        "CLUSTER" => "graasp".to_owned(),
        _ => word,
    };
    words.into_iter().map(filled).collect()
}

fn assert_runs(command: &str, flags: &[&str]) {
    let parsed = tidegate::cli::command().try_get_matches_from(words(command));
    if let Err(error) = parsed {
        panic!("`{command}` does not run: {error}");
    }
    for flag in flags {
        assert!(command.contains(flag), "`{command}` lacks `{flag}`");
    }
}

/// Lines that are too long and could be broken: a command, an address or a path cannot.
fn overlong(text: &str, width: usize) -> Vec<&str> {
    let can_break = |line: &&str| {
        let line = line.trim_start();
        let is_command =
            line.trim_start_matches("hint: ").trim_start_matches(['`', '(']).starts_with("tidegate ");
        let is_quote = line.contains(['│', '╭', '╰', '█', '·']) || line.starts_with("00    03");
        line.contains(' ') && !is_command && !is_quote
    };
    text.lines().filter(|line| line.chars().count() > width).filter(can_break).collect()
}

fn check(place: &Place, calls: &[&[&str]], seen: &mut BTreeSet<String>) {
    for args in calls {
        for width in [40, 80, 132] {
            let ended = place.run_with_flags(args, width);
            let text = format!("{}{}", ended.out, ended.err);
            for command in commands(&text) {
                assert_runs(&command, &["--cloud sim", "--dir ", "--store ~/store"]);
                seen.insert(words(&command)[1].clone());
            }
            let is_data = args.contains(&"json") || args.contains(&"markdown");
            let long = if is_data { Vec::new() } else { overlong(&text, width) };
            assert!(long.is_empty(), "{args:?} at {width} columns: {long:#?}\n{text}");
        }
    }
}

#[test]
fn every_printed_command_runs_with_the_flags_of_the_call() {
    let mut seen = BTreeSet::new();
    let failed = Place::new("examples/migration", NOON);
    failed.edit(|world| world.script.migration("v5.0.0", [Outcome::Exit { code: 1, partial: true }]));
    let because = "\"…\"";
    check(
        &failed,
        &[
            &["plan", "library"],
            &["plan", "library", "--preflight"],
            &["status"],
            &["validate"],
            &["apply", "library", "--timeout", "3m"],
            &["apply", "library"],
            &["apply", "library", "--output", "json"],
            &["plan", "library"],
            &["plan", "library", "--output", "json"],
            &["plan", "library", "--output", "markdown"],
            &["status", "library"],
            &["status", "--output", "json"],
            &["history", "library"],
            &["history", "library", "--output", "json"],
            &["history", "libary"],
            &["abort", "library", "--reason", because],
            &["retry", "library", "--reason", because],
            &["record-schema", "library", "9.9.9", "--reason", because],
            &["record-schema", "library", "v5.0.0", "--reason", because],
            &["suspend", "library", "--reason", because],
            &["plan", "library"],
            &["status", "library"],
            &["resume", "library", "--reason", because],
            &["resume", "library", "--reason", because],
            &["override", "library", "stopped", "--for", "2h", "--reason", because],
            &["override", "library", "--clear"],
            &["override", "library", "--clear"],
            &["poke"],
            &["schedule", "library"],
        ],
        &mut seen,
    );
    let waiting = Place::new(".", NOON);
    let later = ["apply", "production", "--now", "--reason", because, "--timeout", "1s"];
    check(
        &waiting,
        &[
            &["plan", "production"],
            &["plan", "production", "--output", "json"],
            &["apply", "production"],
            &["status"],
            &["history", "production"],
            &later,
            &["retry", "production", "--reason", because],
        ],
        &mut seen,
    );
    let asleep = Place::new(".", SATURDAY);
    check(&asleep, &[&["plan", "dev"], &["status"], &["schedule", "dev", "--days", "7"]], &mut seen);
    check(&Place::new(".", WINDOW), &[&["plan", "production"]], &mut seen);
    let home = waiting.machine.home().display().to_string();
    let nothing_declared = waiting.machine.run(&["plan", "production", "--dir", &home]);
    let first_steps = commands(&nothing_declared.err);
    assert!(!first_steps.is_empty(), "{}", nothing_declared.err);
    for command in first_steps {
        assert_runs(&command, &["--dir ~"]);
        seen.insert(words(&command)[1].clone());
    }
    let met = ["abort", "apply", "import", "plan", "record-schema", "resume", "retry", "status"];
    let unmet: Vec<_> = met.iter().filter(|verb| !seen.contains(**verb)).collect();
    assert!(unmet.is_empty(), "no call printed these: {unmet:?}; printed: {seen:?}");
}

/// The commands in the program's own texts: those that no scenario above leads to are of the same form.
#[test]
fn every_command_in_the_source_is_found_and_runs() {
    let page = Page::PLAIN.with_flags(&[("cloud", "sim")]);
    let mut count = 0;
    for (name, text) in sources("src").into_iter().filter(|(name, _)| !name.contains("cli/demo")) {
        let shipped = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
        let said = shipped.lines().map(str::trim).filter(|line| {
            let is_code = !line.starts_with("//") && !line.starts_with("#[");
            is_code && line.contains("tidegate ") && !name.contains("/tests")
        });
        for line in said {
            for literal in literals(line) {
                let text = filled(&literal.replace("\\n", "\n"));
                for command in commands(&page.addressed(&text)) {
                    assert_runs(&command, &["--cloud sim"]);
                    count += 1;
                }
            }
        }
    }
    assert!(count > 40, "only {count} commands were found");
}

/// The literals of a line of code, without their quotes.
fn literals(line: &str) -> Vec<String> {
    let (mut found, mut open, mut is_escaped) = (Vec::new(), None::<String>, false);
    for letter in line.chars() {
        match (&mut open, letter) {
            (Some(text), '"') if is_escaped => text.push('"'),
            (Some(text), 'n') if is_escaped => text.push('\n'),
            (Some(_), '\\') if !is_escaped => {
                is_escaped = true;
                continue;
            }
            (Some(_), '"') => found.extend(open.take()),
            (None, '"') => open = Some(String::new()),
            (Some(text), letter) => text.push(letter),
            (None, _) => {}
        }
        is_escaped = false;
    }
    found.extend(open);
    found
}

/// A text with its arguments: names of environments, a state, a commit, an instant, a version.
fn filled(literal: &str) -> String {
    let mut text = String::new();
    let mut rest = literal;
    while let Some((before, after)) = rest.split_once('{') {
        let (argument, after) = after.split_once('}').unwrap_or(("", after));
        text.push_str(before);
        text.push_str(match argument {
            _ if before.ends_with("--accept-revision ") || argument == "broken" => "3f2a9c1",
            _ if before.ends_with("--at ") => "2026-11-24T04:00:00+01:00",
            "state" => "running",
            "at" | "first" => "",
            _ => "dev",
        });
        rest = after;
    }
    text + rest
}
