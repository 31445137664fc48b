mod commits;
mod history;
mod lease;
mod modes;
mod quiet;
mod standing;
mod time;

use super::{Wanted, Wishes};
use crate::bench::Bench;
use crate::model::Revision;
use crate::spec::EnvironmentSpec;

/// What is wanted, told anew each time somebody asks.
struct Head<F: Fn() -> Option<Wanted> + Send + Sync>(F);

impl<F: Fn() -> Option<Wanted> + Send + Sync> Wishes for Head<F> {
    fn current(&self) -> Option<Wanted> {
        (self.0)()
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
