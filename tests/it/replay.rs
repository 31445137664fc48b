//! Release histories, replayed in order and without a person's help: each release is a commit, each commit must
//! become what it says, with its migration once.
//!
//! Two histories: one of our own, in `tests/cases/releases.jsonl`, with every kind of release that a platform of
//! this kind has seen; and the real one of the reference platform, which is not part of this project. Where that
//! is, says `TIDEGATE_TEST_RELEASES`.
//!
//! They are replayed against the declarations in `environments/`, changed in three ways: no window holds a
//! release back, each further component of a release is a static site of its own, and checks are left out, since
//! they name today's addresses. A component that a later release does not name any more is declared no more: its
//! bucket stays as it is. A service that is not named keeps its version; an empty version is not deployed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use std::time::Duration;

use serde::Deserialize;
use tidegate::model::{Instant, Version};
use tidegate::reconcile::RunOutcome;
use tidegate::sim::{Age, Schema};
use tidegate::spec::{EnvironmentSpec, SiteSpec, Template};

use crate::rig::{Rig, a_tuesday, differences, from_folder};

/// One line of a history: everything that was deployed then, changed or not.
#[derive(Clone, Debug, Deserialize)]
struct Release {
    released_at: Instant,
    versions: BTreeMap<String, String>,
    /// In git, beside the version: this code runs on that schema.
    #[serde(default)]
    allow_schema: Option<String>,
}

/// Components that are services of the platform; the others are sites.
const SERVICES: [(&str, &str); 8] = [
    ("core", "core"),
    ("library", "library"),
    ("admin", "admin"),
    ("etherpad", "etherpad"),
    ("graasp/graasp", "core"),
    ("graasp/graasp-library", "library"),
    ("graasp/graasp-admin", "admin"),
    ("graasp/graasp-etherpad", "etherpad"),
];

static PLATFORM: LazyLock<EnvironmentSpec> = LazyLock::new(|| {
    let mut spec = from_folder(".", "production", a_tuesday());
    spec.windows = None;
    spec.checks.clear();
    spec.sites.clear();
    spec
});

fn parsed(text: &str) -> Vec<Release> {
    let releases: Vec<Release> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(releases.is_sorted_by_key(|release| release.released_at), "a history is in order");
    releases
}

/// The declarations of a release, which follow those of the one before.
fn declared(before: &EnvironmentSpec, release: &Release) -> EnvironmentSpec {
    let mut spec = before.clone();
    spec.sites.clear();
    for (component, version) in &release.versions {
        let version = Version::new(version.as_str());
        let service = SERVICES.iter().find(|(name, _)| name == component).map(|(_, key)| *key);
        let Some(key) = service else {
            let name = component.trim_start_matches("graasp/").to_owned();
            let source = Template::parse(&format!("s3://graasp-releases/{name}/{{{name}}}/")).unwrap();
            let bucket = format!("graasp-prod-{name}");
            spec.versions.insert(name.as_str().into(), version);
            spec.sites.insert(
                name.as_str().into(),
                SiteSpec { source, bucket, prefix: String::new(), distribution: None },
            );
            continue;
        };
        spec.versions.insert(key.into(), version);
    }
    let migration = spec.migration.as_mut().expect("the platform migrates");
    migration.allow_schema = release.allow_schema.as_deref().map(Version::from);
    spec
}

/// What a history came to.
#[derive(Debug, Default, PartialEq)]
struct Replayed {
    releases: usize,
    migrations: usize,
    /// Releases that closed the gate.
    closed: usize,
}

fn replay(releases: &[Release]) -> Replayed {
    let first = declared(&PLATFORM, &releases[0]);
    let rig = Rig::new(&first, &Age::UpToDate, 1, releases[0].released_at);
    assert_eq!(rig.apply().outcome, Some(RunOutcome::Converged), "first contact");
    let mut replayed = Replayed { releases: 1, ..Replayed::default() };
    let mut expected: Vec<(Schema, Version)> = Vec::new();
    let mut schema = first.versions["core"].clone();
    for release in &releases[1..] {
        let pause = (release.released_at - rig.now()).to_std().unwrap_or_default();
        rig.clock.advance(pause);
        let spec = declared(&rig.repository.spec(), release);
        let core = spec.versions["core"].clone();
        if core != schema && release.allow_schema.is_none() {
            expected.push((Schema::At(schema), core.clone()));
            schema = core;
        }
        become_of(&rig, &spec, &format!("{release:?}"));
        let migrated: Vec<(Schema, Version)> = rig.cloud.with(|world| {
            world.effects.iter().map(|effect| (effect.from.clone(), effect.to.clone())).collect()
        });
        assert_eq!(migrated, expected, "each migration once, in order: {release:?}");
        replayed.releases += 1;
    }
    replayed.migrations = expected.len();
    replayed.closed = gates_closed(&rig);
    assert!(rig.plan().is_converged(), "{:#?}", rig.plan());
    replayed
}

/// One release: a commit, one run, and the world is as it says.
fn become_of(rig: &Rig, spec: &EnvironmentSpec, about: &str) {
    rig.cloud.with(|world| {
        // Somebody has made the bucket of a component that is new.
        for site in spec.sites.values() {
            world.buckets.entry(site.bucket.clone()).or_default();
        }
    });
    rig.commit(spec);
    let run = rig.apply();
    assert_eq!(run.outcome, Some(RunOutcome::Converged), "{about}: {:?} {:?}", run.message, run.blocked);
    rig.assert_clean(about);
    rig.clock.advance(Duration::from_secs(60));
    let found = rig.cloud.with(|world| differences(world, spec, spec.state));
    assert!(found.is_empty(), "{about}: {found:#?}");
}

fn gates_closed(rig: &Rig) -> usize {
    use tidegate::store::Store as _;
    let lines = rig.store.read_log(&rig.repository.spec().name).unwrap().lines;
    lines.iter().filter(|line| line.event["event"] == "gate-closed").count()
}

#[test]
fn our_own_history_is_replayed_without_a_persons_help() {
    let releases = parsed(include_str!("../cases/releases.jsonl"));
    let replayed = replay(&releases);
    // One migration and one closing for each change of the core but the allowed way back.
    assert_eq!(replayed, Replayed { releases: 34, migrations: 20, closed: 20 });
}

#[test]
fn our_own_history_holds_every_kind_of_release() {
    let releases = parsed(include_str!("../cases/releases.jsonl"));
    assert!(releases.len() >= 30);
    let mut kinds = BTreeSet::new();
    for pair in releases.windows(2) {
        kinds.extend(kinds_of(&pair[0], &pair[1]));
    }
    let all = [
        "appears",
        "empty",
        "hotfix",
        "minor",
        "minutes after",
        "not empty any more",
        "patch",
        "quiet",
        "skipped",
        "thirty at once",
        "vanishes",
        "way back",
        "way back, allowed",
        "without order",
    ];
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), all);
}

/// What a release is an example of, seen from the one before.
fn kinds_of(before: &Release, release: &Release) -> BTreeSet<&'static str> {
    use tidegate::model::{Level, Relation};
    let mut kinds = BTreeSet::new();
    let mut is = |kind: &'static str, holds: bool| kinds.extend(holds.then_some(kind));
    let (was, now) = (&before.versions, &release.versions);
    is("vanishes", was.keys().any(|name| !now.contains_key(name)));
    is("appears", now.keys().any(|name| !was.contains_key(name)));
    is("minutes after", release.released_at - before.released_at < chrono::TimeDelta::minutes(30));
    is("way back, allowed", release.allow_schema.is_some());
    let changed: Vec<(&String, &String)> = now
        .iter()
        .filter_map(|(name, now)| Some((was.get(name)?, now)))
        .filter(|(was, now)| was != now)
        .collect();
    is("quiet", changed.len() == 1 && was["core"] == now["core"]);
    is("thirty at once", changed.len() >= 30);
    is("empty", changed.iter().any(|(_, now)| now.is_empty()));
    is("not empty any more", changed.iter().any(|(was, _)| was.is_empty()));
    is("hotfix", now["core"].contains("-hotfix"));
    is("without order", !Version::from(now["core"].as_str()).is_ordered());
    is(
        "way back",
        changed.iter().any(|(was, now)| {
            matches!(
                Version::from(was.as_str()).relation_to(&Version::from(now.as_str())),
                Relation::Backward(_)
            )
        }),
    );
    let core = Version::from(was["core"].as_str()).relation_to(&Version::from(now["core"].as_str()));
    is("patch", core == Relation::Forward(Level::Patch));
    is("minor", core == Relation::Forward(Level::Minor));
    let minor = |version: &str| version.split('.').nth(1).and_then(|minor| minor.parse::<u32>().ok());
    let (from, to) = (minor(&was["core"]), minor(&now["core"]));
    is("skipped", from.zip(to).is_some_and(|(from, to)| to > from + 1));
    kinds
}

#[test]
fn the_real_history_is_replayed_without_a_persons_help() {
    let Some(path) = std::env::var_os("TIDEGATE_TEST_RELEASES").filter(|path| !path.is_empty()) else {
        println!(
            "nothing was replayed: the real release history is not part of this project. Set \
             TIDEGATE_TEST_RELEASES to a file with one release a line, as in tests/cases/releases.jsonl"
        );
        return;
    };
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let releases = parsed(&text);
    let replayed = replay(&releases);
    println!("{replayed:?}");
    assert_eq!(replayed.releases, releases.len());
}
