//! What this repository declares itself: `environments/` and `examples/`, against the validator and the schema.

use std::collections::BTreeMap;
use std::path::PathBuf;

use tidegate::model::{EnvironmentName, FileFault, ServiceName, State};
use tidegate::spec::{Declarations, read, read_tree, render, schema};

use super::{as_json, files_below, now, repository};

/// Every folder that holds `environments/`: this repository and its examples.
fn repositories() -> Vec<PathBuf> {
    let examples = std::fs::read_dir(repository().join("examples")).unwrap();
    let examples = examples.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    examples.chain([repository().to_owned()]).collect()
}

fn environment_files(folder: &std::path::Path) -> BTreeMap<String, Vec<u8>> {
    let files = files_below(&folder.join("environments"));
    files.into_iter().map(|(path, bytes)| (format!("environments/{path}"), bytes)).collect()
}

fn own_declarations() -> Declarations {
    read(&environment_files(repository()), "environments", now())
}

#[test]
fn environments_and_examples_have_no_problem_at_all() {
    for folder in repositories() {
        let files = environment_files(&folder);
        let declarations = read(&files, "environments", now());
        let text = render(&declarations.diagnostics, &files, 100);
        assert!(declarations.diagnostics.is_empty(), "{}\n{text}", folder.display());
        assert!(!declarations.environments.is_empty(), "{} declares nothing", folder.display());
    }
}

#[test]
fn environments_and_examples_satisfy_the_schema_and_say_where_it_is() {
    let validator = jsonschema::draft202012::new(&schema()).unwrap();
    for folder in repositories() {
        for (path, bytes) in environment_files(&folder) {
            if !path.ends_with(".yaml") {
                continue;
            }
            let faults: Vec<String> = validator
                .iter_errors(&as_json(&bytes))
                .map(|fault| format!("{}: {fault}", fault.instance_path()))
                .collect();
            assert!(faults.is_empty(), "{path}\n{}", faults.join("\n"));
            let text = String::from_utf8(bytes).unwrap();
            let first = text.lines().next().unwrap_or_default();
            let target =
                first.strip_prefix("# yaml-language-server: $schema=").expect("the first line names it");
            let here = folder.join(&path);
            assert!(here.parent().unwrap().join(target).exists(), "{path}: {target} does not exist");
        }
    }
}

/// `INSTA_UPDATE=always` (as for snapshots) writes it anew.
#[test]
fn the_committed_schema_is_the_printed_one() {
    let path = repository().join("environments/schema.json");
    let printed = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
    if std::env::var("INSTA_UPDATE").is_ok_and(|mode| mode == "always") {
        std::fs::write(&path, &printed).unwrap();
    }
    assert!(std::fs::read_to_string(path).unwrap() == printed, "run the tests with INSTA_UPDATE=always");
}

#[test]
fn the_schema_knows_what_is_required_where_nothing_is_inherited() {
    let validator = jsonschema::draft202012::new(&schema()).unwrap();
    let complete =
        "name: a\naws: {region: eu-central-2, account: '123456789012'}\ncluster: a\nservices: {}\n";
    let complete = as_json(complete.as_bytes());
    assert!(validator.is_valid(&complete));
    for pointer in ["/aws/region", "/aws/account", "/name", "/aws", "/cluster", "/services"] {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let mut lacking = complete.clone();
        lacking.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(key);
        assert!(!validator.is_valid(&lacking), "{pointer} is required");
        lacking["extends"] = "platforms/base.yaml".into();
        assert!(validator.is_valid(&lacking), "{pointer} may be inherited");
    }
}

#[test]
fn the_schema_refuses_what_an_editor_should_underline() {
    let validator = jsonschema::draft202012::new(&schema()).unwrap();
    for text in [
        "sevices: {}",
        "services: {graasp: {cuont: 2}}",
        "aws: {account: 592217263685}",
        "aws: {account: '5922'}",
        "state: stoped",
        "versions: {core: 1.10}",
        "maintenance: {drain: 60}",
        "migration: {network: {servce: graasp}}",
        "migration: {needed_for: sometimes}",
        "schedule: {start: '0 7 * *'}",
        "checks: [{url: 'ftp://graasp.org'}]",
    ] {
        assert!(!validator.is_valid(&as_json(text.as_bytes())), "{text}");
    }
    for text in [
        "services: {graasp: ~}",
        "migration: {network: graasp, needed_for: [major]}",
        "migration: ~",
        "schedule: {start: ['0 7 * * mon-fri']}",
        "database: {instance: ~, cluster: graasp}",
    ] {
        assert!(validator.is_valid(&as_json(text.as_bytes())), "{text}");
    }
}

#[test]
fn production_is_the_platform_with_its_own_values() {
    let declarations = own_declarations();
    let names: Vec<&str> = declarations.environments.keys().map(EnvironmentName::as_str).collect();
    assert_eq!(names, ["dev", "production", "staging"]);
    let production = &declarations.environments["production"];
    let graasp = &production.services["graasp"];
    assert_eq!((graasp.count, graasp.autoscaling.unwrap().min, graasp.autoscaling.unwrap().max), (2, 2, 8));
    assert!(production.follows_migration(graasp));
    let up_in_db_only: Vec<&str> = production
        .services
        .iter()
        .filter(|(_, service)| production.is_up_in(service, State::DbOnly))
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(up_in_db_only, ["admin", "umami"]);
    let maintenance = production.maintenance.as_ref().unwrap();
    assert!(maintenance.keep_open.contains(&ServiceName::from("umami")));
    assert_eq!(maintenance.cloudfront.as_ref().unwrap().distributions.len(), 2);
    assert!(production.schedule.is_none() && production.windows.is_some());
    assert!(declarations.environments["dev"].schedule.is_some());
}

/// Odd forms that the rules accept: the schema must not be stricter than they are.
#[test]
fn what_the_validator_accepts_satisfies_the_schema() {
    let odd = r#"
name: odd
aws: {region: eusc-de-east-1, account: "012345678901", assume_role: "arn:aws-eusc:iam::012345678901:role/a/b"}
cluster: Odd_1
state: stopped
mode: observe
versions: {a: v1.0.0-rc.1, b: "1.10", c: "", d: hotfix-poolSize, "e.f": nightly}
services:
  x: {images: {x: "localhost:5000/x:{a}-{b}"}, autoscaling: {min: 0, max: 4}, count: 1, after: [], up_in: [running]}
  y: {images: {y: "{d}.example.org/y@sha256:ab", z: "z:{c}{e.f}"}}
  z: ~
database: {cluster: odd-1}
migration:
  follows: a
  task: t
  images: {m: "m:{a}"}
  network: {service: x}
  needed_for: [major, patch]
  atomic: true
  timeout: 1d2h3m4s
  snapshot: {take: false}
  settle: 0s
  allow_schema: v0.9.0
maintenance:
  page: HTTP://maintenance.example.org?x=1#y
  bypass: {header: X_Maintenance-1, value_from: {secretsmanager: "arn:aws:secretsmanager:eu-central-2:012345678901:secret:x/y-AbCdEf"}}
  load_balancer: {name: odd, port: 65535}
  cloudfront: {function: f_1, distributions: ["*.example.org", E2EXAMPLE]}
  keep_open: [y]
sites: {s.1: {source: "s3://releases/{a}", bucket: odd.example.org, distribution: E2}}
checks: [{url: "https://[::1]:8443/", status: 599, within: 0s}]
schedule:
  timezone: UTC
  start: ["  0 7 * *   mon-fri ", "0 7 * jan,feb 7"]
  stop: "*/30 18-20 1-7/2 * *"
  except: " 2026-12-24 .. 2027-01-03 "
  also: ["2026-11-28  09:00 .. 24:00"]
override: {state: db-only, until: "2099-11-24t22:00:00.5z", reason: ""}
windows: {timezone: UTC, allow: "0 4 * * tue,thu for 1h30m", deny: [" 2026-12-24"], applies_to: all}
adopt_revision: always
"#;
    let files = BTreeMap::from([("odd.yaml".to_owned(), odd.as_bytes().to_vec())]);
    let declarations = read(&files, ".", now());
    assert!(!declarations.has_errors(), "{}", render(&declarations.diagnostics, &files, 100));
    let validator = jsonschema::draft202012::new(&schema()).unwrap();
    let faults: Vec<String> = validator
        .iter_errors(&as_json(odd.as_bytes()))
        .map(|fault| format!("{}: {fault}", fault.instance_path()))
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn only_yaml_files_directly_in_the_root_are_environments() {
    let file = |name: &str| {
        let text = format!(
            "name: {name}\naws: {{region: eu-central-2, account: '123456789012'}}\ncluster: {name}\nservices: {{}}\n"
        );
        text.into_bytes()
    };
    let files: BTreeMap<String, Vec<u8>> = [
        "a.yaml",
        "deploy/b.yaml",
        "deploy/c.yml",
        "deploy/.d.yaml",
        "deploy/e.json",
        "deploy/shared/f.yaml",
        "deploy2/g.yaml",
    ]
    .into_iter()
    .map(|path| (path.to_owned(), file(path.rsplit('/').next().unwrap().split('.').next().unwrap())))
    .collect();
    for (root, expected) in
        [("deploy", "b c"), ("./deploy/", "b c"), (".", "a"), ("", "a"), ("deploy/shared", "f"), ("none", "")]
    {
        let names: Vec<EnvironmentName> = read(&files, root, now()).environments.into_keys().collect();
        let names: Vec<&str> = names.iter().map(EnvironmentName::as_str).collect();
        assert_eq!(names.join(" "), expected, "{root}");
    }
}

/// A file that the source could not read is a problem of the environments that use it, whatever way they use it.
#[test]
fn a_file_that_cannot_be_read_holds_back_what_uses_it_and_nothing_else() {
    const BASE: &str = "environments/shared/base.yaml";
    const CALENDAR: &str = "environments/shared/days.ics";
    let own = |name: &str| {
        format!(
            "name: {name}\naws: {{region: eu-west-1, account: \"111122223333\"}}\ncluster: {name}\nservices: {{web: {{}}}}\n"
        )
    };
    let schedule =
        "schedule: {timezone: UTC, start: \"0 7 * * *\", stop: \"0 19 * * *\", holidays: shared/days.ics}\n";
    let files: BTreeMap<String, Vec<u8>> = [
        ("environments/own.yaml".to_owned(), own("own")),
        ("environments/based.yaml".to_owned(), format!("extends: shared/base.yaml\n{}", own("based"))),
        ("environments/dated.yaml".to_owned(), format!("{}{schedule}", own("dated"))),
        (BASE.to_owned(), "state: running\n".to_owned()),
        (CALENDAR.to_owned(), "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nEND:VCALENDAR\r\n".to_owned()),
    ]
    .map(|(path, text)| (path, text.into_bytes()))
    .into();
    let held_back = |fault: &str| {
        let mut left = files.clone();
        left.retain(|path, _| path != fault && !path.starts_with(&format!("{fault}/")));
        let about =
            FileFault { message: format!("`{fault}` is too large"), hint: "make it smaller".to_owned() };
        let faults = BTreeMap::from([(fault.to_owned(), about)]);
        let declarations = read_tree(&left, &faults, "environments", now());
        for errors in declarations.broken.values() {
            assert!(errors.iter().any(|error| error.message.contains(fault)), "{errors:?}");
        }
        assert_eq!(
            declarations.environments.len() + declarations.broken.len(),
            3 + usize::from(fault.ends_with("new.yaml"))
        );
        declarations.broken.into_keys().map(|name| name.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(held_back("environments/own.yaml"), ["own"]);
    assert_eq!(held_back(BASE), ["based"]);
    assert_eq!(held_back(CALENDAR), ["dated"]);
    assert_eq!(held_back("environments/shared"), ["based", "dated"], "a folder that was not read");
    assert_eq!(held_back("environments/new.yaml"), ["new"]);
    assert_eq!(held_back("environments/unused.ics"), Vec::<String>::new());
}
