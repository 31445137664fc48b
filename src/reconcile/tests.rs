mod commits;
mod history;
mod lease;
mod modes;
mod quiet;
mod time;

use std::sync::Mutex;

use super::{Wanted, Wishes};
use crate::bench::Bench;
use crate::model::Revision;
use crate::schedule::Override;
use crate::spec::EnvironmentSpec;

/// What is wanted, told anew each time somebody asks.
struct Head<F: Fn() -> Option<Wanted> + Send + Sync>(F);

impl<F: Fn() -> Option<Wanted> + Send + Sync> Wishes for Head<F> {
    fn current(&self) -> Option<Wanted> {
        (self.0)()
    }
}

/// What is wanted, with an override set at run time.
struct Overridden(Wanted, Mutex<Option<Override>>);

impl Wishes for Overridden {
    fn current(&self) -> Option<Wanted> {
        Some(self.0.clone())
    }

    fn runtime_override(&self) -> Option<Override> {
        self.1.lock().unwrap().clone()
    }
}

/// A commit of the bench's declaration with another `core`.
fn core(bench: &Bench, version: &str) -> Wanted {
    commit(bench, version, |spec| {
        spec.versions.insert("core".into(), version.into());
    })
}

fn commit(bench: &Bench, name: &str, change: impl FnOnce(&mut EnvironmentSpec)) -> Wanted {
    let mut spec = bench.spec.clone();
    change(&mut spec);
    Wanted { spec, revision: Revision::commit(name) }
}

fn has(bench: &Bench, event: &str) -> bool {
    bench.events().iter().any(|found| found == event)
}

fn how_often(bench: &Bench, event: &str) -> usize {
    bench.events().iter().filter(|found| *found == event).count()
}

/// Versions that migrations have brought about, in order.
fn migrated(bench: &Bench) -> Vec<String> {
    bench.cloud.with(|world| world.effects.iter().map(|effect| effect.to.to_string()).collect())
}
