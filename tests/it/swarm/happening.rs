//! What happens to an environment while tidegate works on it: commits, people in the console, wishes, and
//! trouble in the cloud. Drawn beforehand, with an instant; it comes when time gets there, in the middle of
//! whatever is going on.

use chrono::TimeDelta;
use serde_json::json;
use tidegate::cloud::{DatabaseStatus, Kind, ScalableTarget, Suspended, tag};
use tidegate::model::{Instant, Mode, State, Version};
use tidegate::sim::{Broken, Dice, FaultPlan, Outcome, Script, World};
use tidegate::spec::EnvironmentSpec;
use tidegate::store::journal::OperatorCommand;

use super::console::{self, Change};
use crate::rig::People;

/// One thing that happens.
#[derive(Clone, Debug)]
pub enum Happening {
    /// `versions.core`, and how its migration will go.
    Core { version: Version, script: u64, broken: Option<Broken>, hangs: bool, allowed: bool },
    /// `versions.library`
    Library { version: Version, broken: Option<Broken> },
    /// `versions.client`
    Client(Version),
    /// `state:`
    State(State),
    /// `mode:`
    Mode(Mode),
    /// `services.library.count`
    Count(u32),
    /// The commit before the newest one again.
    Revert,
    /// Somebody in the console.
    Person(Meddling),
    /// Somebody in the console changes what a release must not begin with.
    Console(Change),
    /// Somebody at the command line.
    Ask(OperatorCommand),
    /// Somebody gives up whatever is wanted now.
    GiveUp,
    /// AWS refuses an operation for good, after some calls of it: until its troubles change, or everything heals.
    Refuse(&'static str, u32, Kind),
    /// The cloud's troubles change.
    Faults(u64),
    /// A person overrides the state for so many minutes; or ends that.
    Override(Option<(State, i64)>),
    /// Somebody pokes: moving tags are resolved again from now on; or no more.
    Poke(bool),
    /// The environment is declared no more.
    Remove,
    /// The checks' addresses answer this.
    Answer(u16),
    /// The registry cannot be looked at; or can again.
    HideRegistry(bool),
    /// The images of this version are cleaned up, although they are in use.
    DeleteImages(Version),
    /// Somebody sets the clock of tidegate's machine so many minutes ahead of the world's.
    SetClock(i64),
    /// The lease is taken away, as by a machine that was thought to be dead.
    TakeLease,
}

/// What people do in the console.
#[derive(Clone, Copy, Debug)]
pub enum Meddling {
    Scale(&'static str, u32),
    Deploy,
    Redeploy(&'static str),
    Revise,
    Interrupt(&'static str),
    OpenGate,
    Target,
    StartDatabase,
    StopDatabase,
    ModifyDatabase,
    LoseTag,
    TakeSnapshot(u32),
    Terraform,
    Rotate(u32),
    Alarm,
    Busy,
    StopMigration,
}

/// All that happens, oldest first.
pub fn agenda(dice: &mut Dice, begins: Instant) -> Vec<(Instant, Happening)> {
    let mut versions = Versions { newest: [1, 4, 0], hotfixes: 0, all: vec![Version::from("v1.4.0")] };
    let mut at = begins;
    let mut agenda = Vec::new();
    for _ in 0..3 + dice.below(7) {
        // Mostly in the middle of what the one before has set off; sometimes hours, rarely a week later.
        let minutes = match dice.below(40) {
            0..=9 => dice.below(4),
            10..=33 => dice.below(30),
            34..=38 => dice.below(600),
            _ => dice.below(12_000),
        };
        at += TimeDelta::seconds(i64::try_from(60 * minutes + dice.below(60)).expect("a few days"));
        let happening = happening(dice, &mut versions);
        if matches!(happening, Happening::Core { hangs: true, .. }) {
            // Somebody has had enough of it.
            agenda.push((at + TimeDelta::hours(3), Happening::Person(Meddling::StopMigration)));
        }
        agenda.push((at, happening));
    }
    agenda.sort_by_key(|(at, _)| *at);
    agenda
}

/// When somebody sets the machine's clock, and that it is right again at the end. With dice of their own: the other
/// happenings of a seed stay as they are.
pub fn clock_steps(dice: &mut Dice, begins: Instant, ends: Instant) -> Vec<(Instant, Happening)> {
    let span = (ends - begins).num_seconds().clamp(1, 6 * 3600);
    let mut at = begins;
    let mut steps = Vec::new();
    for _ in 0..1 + dice.below(6) {
        at += TimeDelta::seconds(i64::try_from(dice.below(span.unsigned_abs())).expect("hours") / 3);
        let minutes = i64::try_from(dice.below(241)).expect("four hours") - 120;
        steps.push((at, Happening::SetClock(minutes)));
    }
    steps.push((at + TimeDelta::minutes(5), Happening::SetClock(0)));
    steps
}

/// Versions that were drawn so far.
struct Versions {
    newest: [u64; 3],
    hotfixes: u32,
    all: Vec<Version>,
}

impl Versions {
    fn next(&mut self, dice: &mut Dice) -> Version {
        let [major, minor, patch] = self.newest;
        if dice.chance(0.08) {
            self.hotfixes += 1;
            return self.known(format!("hotfix-{}", self.hotfixes));
        }
        if dice.chance(0.1) {
            self.hotfixes += 1;
            return self.known(format!("v{major}.{minor}.{patch}-hotfix{}", self.hotfixes));
        }
        self.newest = match dice.below(10) {
            0..=3 => [major, minor, patch + 1],
            4..=8 => [major, minor + 1, 0],
            _ => [major + 1, 0, 0],
        };
        let [major, minor, patch] = self.newest;
        match dice.chance(0.05) {
            true => Version::new(format!("v{major}.{minor}.{patch}-missing")),
            false => self.known(format!("v{major}.{minor}.{patch}")),
        }
    }

    fn known(&mut self, text: String) -> Version {
        let version = Version::new(text);
        self.all.push(version.clone());
        version
    }

    fn earlier(&self, dice: &mut Dice) -> Version {
        self.all[usize::try_from(dice.below(self.all.len() as u64)).expect("a short list")].clone()
    }
}

fn happening(dice: &mut Dice, versions: &mut Versions) -> Happening {
    match dice.below(100) {
        0..=33 => {
            let version = versions.next(dice);
            core(dice, version, false)
        }
        34..=40 => {
            let (version, allowed) = (versions.earlier(dice), dice.chance(0.5));
            core(dice, version, allowed)
        }
        41..=47 => {
            let version = match dice.below(12) {
                0 => String::new(),
                1 => "v1.9.0-missing".to_owned(),
                number => format!("v1.2.{number}"),
            };
            Happening::Library { version: Version::new(version), broken: broken(dice) }
        }
        48..=52 => Happening::Client(Version::new(format!("v1.5.{}", dice.below(9)))),
        53..=63 => {
            let states = [State::Running, State::Restricted, State::DbOnly, State::Stopped];
            Happening::State(states[usize::try_from(dice.below(4)).expect("below 4")])
        }
        64..=66 => Happening::Mode(if dice.chance(0.4) { Mode::Observe } else { Mode::Enforce }),
        67..=68 => Happening::Count(1 + u32::try_from(dice.below(3)).expect("below 3")),
        69..=71 => Happening::Revert,
        72..=75 => Happening::Ask(if dice.chance(0.7) {
            OperatorCommand::Retry
        } else {
            OperatorCommand::IgnoreWindow
        }),
        76..=77 => Happening::GiveUp,
        78..=79 => Happening::Faults(dice.below(u64::MAX)),
        84..=87 => {
            let operation = REFUSED[usize::try_from(dice.below(REFUSED.len() as u64)).expect("a short list")];
            let kinds = [Kind::AccessDenied, Kind::Invalid, Kind::Throttled];
            let kind = kinds[usize::try_from(dice.below(3)).expect("below 3")];
            Happening::Refuse(operation, u32::try_from(dice.below(6)).expect("below 6"), kind)
        }
        80 => Happening::TakeLease,
        81..=83 => rarer(dice, versions),
        _ => Happening::Person(meddling(dice)),
    }
}

/// Operations on the way to a migration, and back.
const REFUSED: [&str; 7] = [
    "ecs:RunTask",
    "ecs:UpdateService",
    "elasticloadbalancing:ModifyRule",
    "rds:AddTagsToResource",
    "rds:CreateDBSnapshot",
    "rds:StartDBInstance",
    "s3:PutObject",
];

fn rarer(dice: &mut Dice, versions: &Versions) -> Happening {
    match dice.below(9) {
        0..=1 => {
            let states = [State::Running, State::Restricted, State::Stopped];
            let minutes = 10 + i64::try_from(dice.below(180)).expect("three hours");
            let state = states[usize::try_from(dice.below(3)).expect("below 3")];
            Happening::Override(dice.chance(0.8).then_some((state, minutes)))
        }
        2 => Happening::Poke(dice.chance(0.7)),
        3 => Happening::Remove,
        4..=5 => Happening::Answer(if dice.chance(0.7) { 503 } else { 200 }),
        6 => Happening::HideRegistry(dice.chance(0.7)),
        7 => Happening::DeleteImages(versions.earlier(dice)),
        _ => Happening::TakeLease,
    }
}

fn core(dice: &mut Dice, version: Version, allowed: bool) -> Happening {
    let (script, hangs) = (dice.below(u64::MAX), dice.chance(0.03));
    Happening::Core { version, script, broken: broken(dice), hangs, allowed }
}

fn broken(dice: &mut Dice) -> Option<Broken> {
    let how = if dice.chance(0.5) { Broken::Crashes { code: 1 } } else { Broken::Unhealthy };
    dice.chance(0.1).then_some(how)
}

fn meddling(dice: &mut Dice) -> Meddling {
    let services = ["web", "workers", "library", "admin", "cache"];
    let service = services[usize::try_from(dice.below(5)).expect("below 5")];
    let number = u32::try_from(dice.below(5)).expect("below 5");
    match dice.below(19) {
        0..=2 => Meddling::Scale(service, number),
        3 => Meddling::Deploy,
        4 => Meddling::Redeploy(service),
        5 => Meddling::Revise,
        6..=7 => Meddling::Interrupt(service),
        8 => Meddling::OpenGate,
        9 => Meddling::Target,
        10 => Meddling::StartDatabase,
        11 => Meddling::StopDatabase,
        12 => Meddling::ModifyDatabase,
        13 => Meddling::LoseTag,
        14 => Meddling::TakeSnapshot(number),
        15 => Meddling::Terraform,
        16 => Meddling::Rotate(number),
        17 => Meddling::Alarm,
        _ => Meddling::Busy,
    }
}

/// Lets it happen.
pub fn happen(people: &People, happening: &Happening) {
    match happening {
        // Not of the world; the scenario has done it.
        Happening::SetClock(_) => {}
        Happening::Core { version, script, broken, hangs, allowed } => {
            let spec = people.repository.spec();
            let atomic = spec.migration.as_ref().is_some_and(|migration| migration.atomic);
            let drawn = Script::drawn(*script, version, atomic);
            people.cloud.with(|world| {
                world.script.migrations.extend(drawn.migrations);
                world.script.migration_seconds = drawn.migration_seconds;
                world.script.without_metrics = drawn.without_metrics;
                if *hangs {
                    world.script.migration(version.as_str(), [Outcome::Hangs]);
                }
                world.script.broken.extend(broken.map(|how| (format!("web-{version}"), how)));
            });
            let schema = people.cloud.with(|world| recorded(world, &spec));
            people.edit(|spec| {
                spec.versions.insert("core".into(), version.clone());
                if let Some(migration) = &mut spec.migration {
                    migration.allow_schema = schema.filter(|_| *allowed);
                }
            });
        }
        Happening::Library { version, broken } => {
            people.cloud.with(|world| {
                let broken = broken.filter(|_| !version.is_empty());
                world.script.broken.extend(broken.map(|how| (format!("library:{version}"), how)));
            });
            people.edit(|spec| drop(spec.versions.insert("library".into(), version.clone())));
        }
        Happening::Client(version) => {
            people.edit(|spec| drop(spec.versions.insert("client".into(), version.clone())));
        }
        Happening::State(state) => people.edit(|spec| spec.state = *state),
        Happening::Mode(mode) => people.edit(|spec| spec.mode = *mode),
        Happening::Count(count) => people.edit(|spec| {
            let library = spec.services.iter_mut().find(|(name, _)| name.as_str() == "library");
            library.into_iter().for_each(|(_, library)| library.count = *count);
        }),
        Happening::Revert => people.revert(),
        Happening::Person(meddling) => {
            let spec = people.repository.spec();
            people.cloud.with(|world| meddle(world, &spec, *meddling));
        }
        Happening::Console(change) => {
            let spec = people.repository.spec();
            people.cloud.with(|world| console::make(world, &spec, *change));
        }
        // To send a lost migration again is for those who have looked at the database: see `ways_out`.
        Happening::Ask(OperatorCommand::Retry) if people.has_lost_migration() => {}
        Happening::Ask(wish) => people.ask(wish.clone()),
        Happening::GiveUp => {
            let version = people.repository.spec().versions.get("core").cloned();
            version.into_iter().for_each(|version| people.ask(OperatorCommand::Abort { version }));
        }
        Happening::Override(wanted) => {
            let now = people.cloud.with(|world| world.now());
            people.set_override(wanted.map(|(state, minutes)| (state, now + TimeDelta::minutes(minutes))));
        }
        Happening::Poke(poked) => people.repository.set_poked(*poked),
        Happening::Remove => people.repository.remove(),
        Happening::Answer(status) => {
            let spec = people.repository.spec();
            let answers = spec.checks.iter().map(|check| (check.url.to_string(), *status));
            people.cloud.with(|world| world.script.answers.extend(answers));
        }
        Happening::HideRegistry(hidden) => people.cloud.with(|world| {
            world.registry.unverified.clear();
            world.registry.unverified.extend(hidden.then(|| "registry.shop.example".to_owned()));
        }),
        Happening::DeleteImages(version) => people.cloud.with(|world| {
            for part in ["web", "worker", "migrate"] {
                world.registry.delete_tag("registry.shop.example/shop", &format!("{part}-{version}"));
            }
        }),
        Happening::TakeLease => people.store.break_lease(&people.repository.spec().name),
        Happening::Refuse(operation, skip, kind) => {
            people.cloud.faults(|faults| faults.script_later(operation, *skip, 1_000_000, *kind));
        }
        Happening::Faults(seed) => people.cloud.set_faults(FaultPlan::drawn(*seed)),
    }
}

/// The schema version that the database is tagged with.
pub fn recorded(world: &World, spec: &EnvironmentSpec) -> Option<Version> {
    let name = spec.database.as_ref()?.target.identifier();
    let database = world.regions.iter().find_map(|region| region.databases.get(name))?;
    database.shown.tags.get(tag::SCHEMA).map(|text| Version::new(text.as_str()))
}

fn status(world: &World, spec: &EnvironmentSpec) -> Option<DatabaseStatus> {
    let name = spec.database.as_ref()?.target.identifier();
    Some(world.regions.iter().find_map(|region| region.databases.get(name))?.shown.status.clone())
}

fn meddle(world: &mut World, spec: &EnvironmentSpec, meddling: Meddling) {
    let key = |service: &str| format!("{}/{service}", spec.cluster);
    let exists =
        |world: &World, service: &str| world.regions.iter().any(|r| r.services.contains_key(&key(service)));
    let status = status(world, spec);
    let name = spec.name.as_str();
    match meddling {
        Meddling::Scale(service, count) if exists(world, service) => world.person(name).scale(service, count),
        Meddling::Deploy if exists(world, "library") => {
            world.person(name).deploy("library", "library", "registry.shop.example/library:v0.9.9");
        }
        Meddling::Redeploy(service) if exists(world, service) => world.person(name).redeploy(service),
        Meddling::Revise if exists(world, "web") => world.person(name).revise("web", "cpu", json!("1024")),
        Meddling::Interrupt(service) if exists(world, service) => world.person(name).interrupt(service),
        Meddling::OpenGate => world.person(name).open_gate(),
        Meddling::Target if world.regions.iter().any(|r| r.targets.contains_key(&key("web"))) => {
            let target = ScalableTarget { min: 1, max: 9, suspended: Suspended::NONE };
            world.person(name).set_target("web", target);
        }
        Meddling::StartDatabase if status == Some(DatabaseStatus::Stopped) => {
            world.person(name).start_database();
        }
        Meddling::StopDatabase if status == Some(DatabaseStatus::Available) => {
            world.person(name).stop_database();
        }
        Meddling::ModifyDatabase if status == Some(DatabaseStatus::Available) => {
            world.person(name).modify_database();
        }
        Meddling::LoseTag if status.is_some() => world.person(name).tag_database(tag::SCHEMA, None),
        Meddling::TakeSnapshot(number) if status == Some(DatabaseStatus::Available) => {
            let identifier = format!("by-hand-{number}-{}", world.now().timestamp());
            world.person(name).take_snapshot(&identifier);
        }
        Meddling::Terraform if status.is_some() => world.person(name).terraform_applies(&[]),
        Meddling::Rotate(number) => {
            let names: Vec<String> = world.regions.iter().flat_map(|r| r.secrets.keys().cloned()).collect();
            let value = format!("sim-bypass-rotated-secret-{number}");
            names.iter().for_each(|secret| world.person(name).rotate_secret(secret, &value));
        }
        Meddling::Alarm if exists(world, "web") => world.person(name).alarm("web"),
        Meddling::StopMigration => world.person(name).stop_one_offs(),
        Meddling::Busy => drop(world.script.busy.insert(key("web"))),
        _ => {}
    }
}
