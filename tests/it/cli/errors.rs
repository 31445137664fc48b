//! What people are told when something is wrong, whole: text and exit code.

use super::Machine;

/// Runs commands and writes down what they said, as a transcript.
fn transcript(machine: &Machine, commands: &[&[&str]]) -> String {
    let mut text = String::new();
    for args in commands {
        let ended = machine.run(args);
        text.push_str(&format!(
            "$ tidegate {}\n{}{}[exit {}]\n\n",
            args.join(" "),
            ended.out,
            ended.err,
            ended.code
        ));
    }
    text
}

#[test]
fn usage() {
    let machine = Machine::new();
    insta::assert_snapshot!(transcript(
        &machine,
        &[
            &["frobnicate"],
            &["schedule"],
            &["schedule", "staging", "--from", "tomorrow"],
            &["schedule", "staging", "--days", "0"],
            &["validate", "--cloud", "azure"],
            &["validate", "--rev", "main"],
            &["validate", "--repo", ".", "--dir", "."],
        ]
    ));
}

#[test]
fn declarations() {
    let machine = Machine::new();
    machine.write("repo/environments/shop.yaml", "name: shop\nclutser: shop\n");
    machine.write(
        "repo/environments/dev.yaml",
        "name: dev\naws: {region: eu-west-1, account: \"111122223333\"}\ncluster: dev\nservices: {web: {}}\n",
    );
    machine.write("empty/environments/README.md", "nothing yet\n");
    let repo = machine.home().join("repo").display().to_string();
    let empty = machine.home().join("empty").display().to_string();
    let text = transcript(
        &machine,
        &[
            &["schedule", "stagin"],
            &["schedule", "xyz"],
            &["validate", "--dir", &repo],
            &["schedule", "shop", "--dir", &repo],
            &["schedule", "dev", "--dir", &repo, "--from", "2026-11-24T00:00:00Z"],
            &["validate", "--dir", &empty],
            &["schedule", "dev", "--dir", &empty],
            &["validate", "--dir", "/nowhere"],
            &["validate", "--path", "envs", "--dir", &repo],
            &["validate", "--config", "/nowhere.toml"],
        ],
    );
    insta::assert_snapshot!(text.replace(&machine.home().display().to_string(), "~"));
}

#[test]
fn validate_json_has_its_fixed_shape() {
    let machine = Machine::new();
    machine.write("environments/shop.yaml", "name: shop\nclutser: shop\n");
    let ended =
        machine.run(&["validate", "--output", "json", "--dir", &machine.home().display().to_string()]);
    assert_eq!(ended.code, 1);
    let json: serde_json::Value = serde_json::from_str(&ended.out).unwrap();
    let first = &json["diagnostics"][0];
    for key in ["file", "line", "column", "severity", "code", "message", "hint"] {
        assert!(first.get(key).is_some(), "{key} in {first}");
    }
}

#[test]
fn no_verb_that_only_reads_leaves_anything_behind() {
    let machine = Machine::new();
    for args in [&["validate"][..], &["schema"], &["schedule", "staging"], &["schedule", "stagin"]] {
        machine.run(args);
        assert_eq!(std::fs::read_dir(machine.home()).unwrap().count(), 0, "{args:?}");
    }
}
