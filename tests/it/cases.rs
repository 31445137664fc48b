//! Cases: a world, what is declared, what is planned, what is done, as text that reads like documentation.
//!
//! Each file in `tests/cases/plan/*.case` is performed on a simulated cloud, and everything it says must come
//! out word for word. `TIDEGATE_TEST_UPDATE=1 cargo test --test it cases` writes the files anew: read the
//! difference before you commit it. What commands there are stands in `cases/stage.rs` and `cases/person.rs`.
//!
//! Beyond the text, every case demands: no promise broken by tidegate, nor, unless the case expects it, by a
//! person; no plan that breaks a rule of its own; nothing left to do after a run that converged; no secret in
//! any line.

mod names;
mod person;
mod scene;
mod script;
mod show;
mod stage;

use std::collections::BTreeSet;
use std::path::PathBuf;

use script::Script;
use similar::TextDiff;
use stage::Stage;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/cases/plan")
}

fn check(name: &str) {
    let path = folder().join(format!("{name}.case"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let script = Script::parse(name, &text);
    let (mut spoken, mut problems) = (Vec::new(), Vec::new());
    let rewritten = script.rewritten(|case| {
        let at = format!("{name}: {}", case.title);
        let mut stage = Stage::new(&at);
        let said = case.commands().map(|command| stage.perform(command)).collect();
        problems.extend(stage.end());
        spoken.push(case.title.clone());
        said
    });
    let titles: BTreeSet<&String> = spoken.iter().collect();
    assert_eq!(titles.len(), spoken.len(), "{name}: two cases have the same title");
    if rewritten != text && std::env::var_os("TIDEGATE_TEST_UPDATE").is_some() {
        std::fs::write(&path, &rewritten).unwrap();
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    if rewritten == text || std::env::var_os("TIDEGATE_TEST_UPDATE").is_some() {
        return;
    }
    let diff = TextDiff::from_lines(&text, &rewritten);
    let diff = diff.unified_diff().context_radius(4).header("as written", "as it is").to_string();
    panic!("{}:\n{diff}\nTIDEGATE_TEST_UPDATE=1 writes it anew", path.display());
}

macro_rules! cases {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            check(&stringify!($name).replace('_', "-"));
        })*

        #[test]
        fn every_file_is_performed() {
            let known: BTreeSet<String> = [$(stringify!($name)),*].iter().map(|name| name.replace('_', "-")).collect();
            let there: BTreeSet<String> = std::fs::read_dir(folder())
                .unwrap()
                .filter_map(|entry| {
                    Some(entry.unwrap().file_name().to_str()?.strip_suffix(".case")?.to_owned())
                })
                .collect();
            assert_eq!(known, there);
        }
    };
}

cases! {
    autoscaling
    contest
    deleted_services
    drift
    first_contact
    gate
    graasp
    lift
    migration_containers migration_failures
    observe
    operations
    ownership
    placement
    preflight
    release
    removal
    revisions
    rolling
    schedule
    start_failures
    strangers
    transitions
    versions
    windows
}
