//! What people are told when something is wrong, whole: text and exit code.

use super::Machine;
use super::place::{NOON, Place};

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
fn verbs_that_act() {
    let place = Place::new("examples/migration", NOON);
    insta::assert_snapshot!(place.transcript(&[
        &["plan", "librry"],
        &["apply", "librry"],
        &["status", "librry"],
        &["history", "librry"],
        &["plan", "library", "--at", "tomorrow"],
        &["plan", "library", "--at", "2020-01-01T00:00:00Z"],
        &["apply"],
        &["apply", "library", "--timeout", "5"],
        &["apply", "library", "--timeout", "0s"],
        &["apply", "library", "--ignore-window"],
        &["apply", "library", "--reason", "why not"],
        &["apply", "library", "--ignore-window", "--take-over", "--reason", "both"],
        &["apply", "library", "--ignore-window", "--reason", " "],
        &["history", "library", "--limit", "0"],
        &["retry", "library"],
        &["retry", "library", "--reason", ""],
        &["retry", "library", "--reason", "let us see"],
        &["abort", "library", "--reason", "let us see"],
        &["record-schema", "library", "--reason", "let us see"],
        &["record-schema", "library", " ", "--reason", "let us see"],
        &["poke"],
    ]));
    let place = Place::new("examples/minimal", NOON);
    insta::assert_snapshot!(
        "verbs_that_act_where_nothing_is_migrated",
        place.transcript(&[
            &["record-schema", "shop", "v1.0.0", "--reason", "let us see"],
            &["apply", "shop", "--ignore-window", "--reason", "there is none"],
            &["apply", "shop", "--take-over", "--reason", "it is ours"],
        ])
    );
}

#[cfg(feature = "aws")]
#[test]
fn a_cloud_that_nobody_gave_credentials_for() {
    let machine = Machine::new();
    let services: String = (0..30).map(|number| format!("web-{number}: {{}}, ")).collect();
    machine.write(
        "repo/environments/shop.yaml",
        &format!(
            "name: shop\naws: {{region: eu-central-2, account: \"123456789012\"}}\ncluster: shop\n\
             services: {{{services}}}\n"
        ),
    );
    machine.write(
        ".aws/config",
        "[profile sso]\nsso_session = work\nsso_account_id = 123456789012\nsso_role_name = dev\n\
         [sso-session work]\nsso_region = eu-central-1\nsso_start_url = https://example.com/start\n",
    );
    let repo = machine.home().join("repo");
    let store = machine.home().join("store");
    for verb in ["plan", "apply"] {
        for profile in [None, Some("nobody"), Some("sso")] {
            let args = [
                verb,
                "shop",
                "--dir",
                repo.to_str().unwrap(),
                "--cloud",
                "aws",
                "--store",
                store.to_str().unwrap(),
            ];
            let mut command = machine.command_on_aws(&args);
            command.envs(profile.map(|name| ("AWS_PROFILE", name)));
            let ended = machine.ended(command.output().unwrap());
            let all = format!("{}{}", ended.out, ended.err);
            let said = all.split_whitespace().collect::<Vec<_>>().join(" ");
            assert_eq!(
                said.matches("AWS accepts no request of tidegate").count(),
                1,
                "{verb} {profile:?}: {all}"
            );
            assert!(said.contains("aws sts get-caller-identity --region eu-central-2"), "{all}");
            assert!(!said.contains("could not be read"), "one problem, not one for each service: {all}");
            if profile.is_none() {
                assert!(said.contains("no credentials were found"), "{all}");
            }
            if verb == "apply" {
                assert_eq!(ended.code, 1, "{all}");
            } else {
                assert!(!store.exists(), "looking makes no store");
            }
        }
    }
}

#[test]
fn places_that_are_broken() {
    let machine = Machine::new();
    machine.write("repo/environments/shop.yaml", "name: shop\nclutser: shop\n");
    machine.write("format/store.json", r#"{"schema": "tidegate-store/v9", "id": "x"}"#);
    machine.write("world/sim/world.json", "{}");
    machine.write("journal/environments/shop/journal.jsonl", "what is this\nand this\n");
    machine.write(
        "request/environments/shop/records/request.json",
        r#"{"who": "ann", "reason": "x", "wish": "dance"}"#,
    );
    machine.write("file", "not a folder");
    let home = machine.home().display().to_string();
    let store = |name: &str| format!("{home}/{name}");
    let minimal = ["--dir", "examples/minimal", "--cloud", "sim", "--store"];
    let mut text = String::new();
    for (verb, name) in [
        ("plan", "format"),
        ("apply", "format"),
        ("plan", "world"),
        ("apply", "world"),
        ("plan", "journal"),
        ("apply", "journal"),
        ("history", "journal"),
        ("apply", "request"),
        ("apply", "file"),
        ("plan", "file"),
    ] {
        let store = store(name);
        text.push_str(&transcript(&machine, &[&[&[verb, "shop"], &minimal[..], &[store.as_str()]].concat()]));
    }
    let repo = store("repo");
    text.push_str(&transcript(
        &machine,
        &[
            &["plan", "shop", "--dir", &repo, "--cloud", "sim"],
            &["apply", "shop", "--dir", &repo, "--cloud", "sim"],
            &["status", "--dir", &repo, "--cloud", "sim"],
            &["plan", "shop", "--store", "s3://bucket/prefix", "--cloud", "sim"],
        ],
    ));
    insta::assert_snapshot!(text.replace(&home, "~"));
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
