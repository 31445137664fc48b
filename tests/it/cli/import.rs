//! `import`: what is printed, what is written, and what is refused.

use std::fs;

use super::place::{NOON, Place, WINDOW};
#[cfg(feature = "aws")]
use super::{Ended, Machine};

#[cfg(feature = "aws")]
fn transcript(machine: &Machine, commands: &[&[&str]]) -> String {
    let mut text = String::new();
    for args in commands {
        let Ended { code, out, err } = no_credentials(machine, args);
        text.push_str(&format!("$ tidegate {}\n{out}{err}[exit {code}]\n\n", args.join(" ")));
    }
    text.replace(&machine.home().display().to_string(), "~")
}

#[cfg(feature = "aws")]
fn no_credentials(machine: &Machine, args: &[&str]) -> Ended {
    machine.ended(machine.command_on_aws(args).output().unwrap())
}

#[cfg(feature = "aws")]
#[test]
fn what_cannot_be_imported() {
    let machine = Machine::new();
    machine.write("repo/environments/taken.yml", "name: taken\n");
    let dir = machine.home().join("repo").display().to_string();
    let sim = ["--cloud", "sim"];
    insta::assert_snapshot!(transcript(
        &machine,
        &[
            &["import"],
            &["import", "not a name"],
            &["import", "arn:aws:ecs:eu-central-2:592217263685:service/a/b"],
            &["import", "shop"],
            &["import", "shop", "--region", "Zurich"],
            &["import", "shop", "--region", "eu-central-2"],
            &["import", "shop", "--region", "eu-central-2", "--name", "a b"],
            &["import", "___", "--region", "eu-central-2"],
            &["import", "arn:aws:ecs:eu-central-1:592217263685:cluster/shop", "--region", "eu-central-2"],
            &["import", "shop", "--region", "eu-central-2", "--assume-role", "tidegate"],
            &["import", "shop", "--region", "eu-central-2", "--secret", "hunter2-hunter2-hunter2"],
            &["import", "taken", "--region", "eu-central-2", "--write", "--dir", &dir],
            &["import", "shop", "--region", "eu-central-2", "--write", "--repo", &dir],
            &[&["import", "shop"], &sim[..]].concat(),
        ]
    ));
    let left: Vec<_> =
        fs::read_dir(machine.home()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["repo"], "looking makes no store");
}

#[cfg(feature = "aws")]
#[test]
fn what_a_profile_says_of_the_region_holds() {
    let machine = Machine::new();
    machine.write(".aws/config", "[profile shop]\nregion = eu-north-1\n");
    let mut command = machine.command_on_aws(&["import", "shop"]);
    command.env("AWS_PROFILE", "shop");
    let ended = machine.ended(command.output().unwrap());
    // It knows the region, and goes on to miss credentials.
    assert_eq!(ended.code, 1);
    assert!(ended.err.contains("the account of the credentials"), "{}", ended.err);
    assert!(!ended.err.contains("--region"), "{}", ended.err);
}

#[test]
fn a_cluster_of_the_simulated_world() {
    let place = Place::new("examples/migration", NOON);
    let store = place.store().display().to_string();
    let sim = ["--cloud", "sim", "--store", store.as_str()];
    let dir = place.machine.home().join("new").display().to_string();
    let there = [&sim[..], &["--dir", dir.as_str()]].concat();
    let run = |args: &[&str]| place.machine.run(&[args, &there[..]].concat());

    let printed = run(&["import", "library"]);
    assert_eq!(printed.code, 0, "{}", printed.err);
    assert!(fs::metadata(&dir).is_err(), "printing writes nothing");
    insta::assert_snapshot!(format!("{}\n---\n{}", printed.out, printed.err));

    let json = run(&["import", "--cluster", "library", "--output", "json", "--write"]);
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(json["yaml"], printed.out);
    assert_eq!(json["schema"], "tidegate/v1");
    assert_eq!(json["environment"], "library");
    assert!(json["file"].as_str().unwrap().ends_with("environments/library.yaml"));
    assert!(!json["findings"].as_array().unwrap().is_empty());
    let documentation = include_str!("../../../src/report/json.md");
    for key in json.as_object().unwrap().keys() {
        assert!(documentation.contains(&format!("`{key}`")), "{key}");
    }

    let file = place.machine.home().join("new/environments/library.yaml");
    assert_eq!(fs::read_to_string(&file).unwrap(), printed.out);
    assert_eq!(run(&["validate"]).code, 0);
    let planned = run(&["plan", "library", "--exit-code"]);
    assert_eq!(planned.code, 0, "{}", planned.out);
    assert!(planned.out.contains("nothing to do"), "{}", planned.out);

    // Nothing is replaced, and nothing is declared twice.
    let again = run(&["import", "library", "--write"]);
    assert!(again.code == 1 && again.err.contains("already exists"), "{}", again.err);
    let twice = run(&["import", "library", "--name", "other", "--write"]);
    assert!(twice.code == 1 && twice.err.contains("claimed by `library` and `other`"), "{}", twice.err);
    assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1);
    let shown = run(&["import", "library", "--name", "other"]);
    assert!(shown.code == 0 && shown.out.contains("name: other"), "{}", shown.err);

    let near = run(&["import", "libary"]);
    assert!(near.code == 1 && near.err.contains("did you mean `library`?"), "{}", near.err);
    let elsewhere = run(&["import", "library", "--region", "eu-north-1"]);
    assert!(elsewhere.code == 1, "{}", elsewhere.err);
    let gateless = run(&["import", "library", "--name", "x", "--secret", "ssm:/nobody"]);
    assert!(
        gateless.code == 1 && gateless.err.contains("tidegate cannot use the bypass secret"),
        "{}",
        gateless.err
    );
}

#[test]
fn what_is_imported_from_a_simulated_world_plans_to_nothing_under_its_new_name() {
    let place = Place::new(".", WINDOW);
    let (store, dir) = (place.store().display().to_string(), place.machine.home().join("repo"));
    let dir = dir.display().to_string();
    let run = |args: &[&str]| {
        let ended =
            place.machine.run(&[args, &["--dir", &dir, "--cloud", "sim", "--store", &store]].concat());
        assert_eq!(ended.code, 0, "{args:?}: {}{}", ended.out, ended.err);
        ended.out
    };
    run(&["import", "graasp-prod", "--write"]);
    run(&["validate"]);
    let planned = run(&["plan", "graasp-prod", "--exit-code"]);
    assert!(planned.contains("nothing to do: `graasp-prod` is as declared"), "{planned}");
}
