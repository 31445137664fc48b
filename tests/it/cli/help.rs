//! The whole help tree as one text: a change of the surface is a change of this file.

use super::Machine;

fn pages(command: &clap::Command, name: &str, pages: &mut Vec<String>) {
    let mut alone = command.clone().bin_name(name).term_width(100);
    pages.push(format!("$ {name} --help\n{}", alone.render_long_help()));
    for verb in command.get_subcommands().filter(|verb| verb.get_name() != "help") {
        self::pages(verb, &format!("{name} {}", verb.get_name()), pages);
    }
}

#[test]
fn the_whole_help_tree() {
    // Global options are the same on every page, so they are shown on the first alone.
    let mut tree = Vec::new();
    pages(&tidegate::cli::command(), "tidegate", &mut tree);
    let text: Vec<String> =
        tree.iter().map(|page| page.lines().map(|line| format!("{}\n", line.trim_end())).collect()).collect();
    insta::assert_snapshot!(text.join("\n"));
}

#[test]
fn the_command_line_contradicts_itself_nowhere() {
    tidegate::cli::command().debug_assert();
}

#[test]
fn every_verb_takes_the_global_flags_before_and_after_it() {
    let machine = Machine::new();
    for args in [
        ["--dir", ".", "schedule", "staging", "--output", "json"],
        ["schedule", "staging", "--dir", ".", "--output", "json"],
        ["--cloud", "sim", "plan", "staging", "--dir", "."],
        ["plan", "staging", "--cloud", "sim", "--dir", "."],
        ["--cloud", "sim", "status", "--output", "json", "--dir=."],
    ] {
        assert_eq!(machine.run(&args).code, 0, "{args:?}");
    }
}

#[test]
fn completions_know_the_verbs() {
    let machine = Machine::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ended = machine.run(&["completions", shell]);
        assert!(ended.code == 0 && ended.out.contains("validate"), "{shell}");
    }
}
