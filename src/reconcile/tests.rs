mod commits;
mod gate_gone;
mod going_down;
mod history;
mod lease;
mod modes;
mod overrides;
mod quiet;
mod time;

use super::{CurrentDeclaration, DeclaredEnvironment};
use crate::bench::Bench;
use crate::model::Revision;
use crate::spec::EnvironmentSpec;

/// What is wanted, told anew each time somebody asks.
struct Head<F: Fn() -> Option<DeclaredEnvironment> + Send + Sync>(F);

impl<F: Fn() -> Option<DeclaredEnvironment> + Send + Sync> CurrentDeclaration for Head<F> {
    fn current(&self) -> Option<DeclaredEnvironment> {
        (self.0)()
    }
}

/// A commit of the bench's declaration with another `core`.
fn core(bench: &Bench, version: &str) -> DeclaredEnvironment {
    commit(bench, version, |spec| {
        spec.versions.insert("core".into(), version.into());
    })
}

fn commit(bench: &Bench, name: &str, change: impl FnOnce(&mut EnvironmentSpec)) -> DeclaredEnvironment {
    let mut spec = bench.spec.clone();
    change(&mut spec);
    DeclaredEnvironment::at(spec, Revision::commit(name))
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
