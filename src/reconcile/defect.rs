//! A defect of tidegate itself: a panic ended a pass of an environment. Kept as a record, so that `status` shows it.

use serde::{Deserialize, Serialize};

use super::declared::DeclaredEnvironment;
use super::error::ReconcileError;
use super::run::{Run, RunOutcome};
use crate::model::{EnvironmentName, Instant};
use crate::store::Store;

/// The kind of the record that holds it.
const DEFECT: &str = "defect";

/// The panic that ended the last pass of an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Defect {
    /// When it happened.
    pub at: Instant,
    /// The message of the panic, in one line.
    pub message: String,
}

impl Defect {
    /// The defect that ended the last pass. A record of another shape counts as none: it only informs.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn last_seen(
        store: &dyn Store,
        environment: &EnvironmentName,
    ) -> Result<Option<Self>, ReconcileError> {
        let value = store.get_record(environment, DEFECT)?;
        Ok(value.and_then(|value| serde_json::from_value(value).ok()))
    }

    /// Keeps it, and ends the run that it left open in the history. The journal is not touched.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub fn keep(
        &self,
        store: &dyn Store,
        environment: &EnvironmentName,
        holder: &str,
    ) -> Result<(), ReconcileError> {
        let value = serde_json::to_value(self).expect("an instant and a text always become JSON");
        store.put_record(environment, DEFECT, Some(&value))?;
        let why = format!("a defect of tidegate: {}", self.message);
        end_open_run(store, environment, holder, (RunOutcome::Failed, why), self.at).map(drop)
    }

    /// Forgets the defect, after a pass that had none.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub fn forget(store: &dyn Store, environment: &EnvironmentName) -> Result<(), ReconcileError> {
        if store.get_record(environment, DEFECT)?.is_some() {
            store.put_record(environment, DEFECT, None)?;
        }
        Ok(())
    }
}

/// A run that was cut off by a shutdown: ended in the history, if it stands there already.
///
/// # Errors
/// When the store cannot be read or written.
pub fn cut_off(
    store: &dyn Store,
    wanted: &DeclaredEnvironment,
    holder: &str,
    now: Instant,
) -> Result<Run, ReconcileError> {
    let name = &wanted.spec.name;
    let why = "interrupted by shutdown; the next run resumes here".to_owned();
    if let Some(run) = end_open_run(store, name, holder, (RunOutcome::Stopped, why.clone()), now)? {
        return Ok(run);
    }
    let mut run = Run::begin(name, wanted.revision.clone(), holder, 0, now);
    run.end(RunOutcome::Stopped, Some(why), None, now);
    Ok(run)
}

/// Ends the newest run of `holder` in the history, if nothing has ended it: its pass was cut off.
fn end_open_run(
    store: &dyn Store,
    environment: &EnvironmentName,
    holder: &str,
    (outcome, message): (RunOutcome, String),
    now: Instant,
) -> Result<Option<Run>, ReconcileError> {
    let newest = store.list_runs(environment, 1)?.pop();
    // A run that another version of tidegate saved in another shape is not of this process.
    let run = newest.and_then(|run| serde_json::from_value::<Run>(run.value).ok());
    let Some(mut run) = run.filter(|run| run.finished_at.is_none() && run.holder == holder) else {
        return Ok(None);
    };
    run.end(outcome, Some(message), None, now);
    let value = serde_json::to_value(&run).expect("a run is plain values with text keys");
    store.save_run(environment, &run.id, &value)?;
    Ok(Some(run))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Revision, StoreId};
    use crate::store::MemoryStore;

    #[test]
    fn a_defect_ends_the_open_run_of_its_own_process_alone() {
        let store = MemoryStore::new(StoreId::new("s"));
        let (shop, now) = (EnvironmentName::new("shop"), Instant::UNIX_EPOCH);
        let run = Run::begin(&shop, Revision::worktree(), "apply by ann", 1, now);
        let newest = |store: &MemoryStore| -> Run {
            serde_json::from_value(store.list_runs(&shop, 1).unwrap().remove(0).value).unwrap()
        };
        store.save_run(&shop, &run.id, &serde_json::to_value(&run).unwrap()).unwrap();
        let defect = Defect { at: now, message: "index out of bounds".to_owned() };
        defect.keep(&store, &shop, "daemon").unwrap();
        assert_eq!(newest(&store), run, "another process works on it");
        assert_eq!(Defect::last_seen(&store, &shop).unwrap(), Some(defect.clone()));
        defect.keep(&store, &shop, "apply by ann").unwrap();
        let ended = newest(&store);
        assert_eq!((ended.outcome, ended.finished_at), (Some(RunOutcome::Failed), Some(now)));
        assert!(ended.message.unwrap().ends_with("index out of bounds"));
        Defect::forget(&store, &shop).unwrap();
        assert_eq!(Defect::last_seen(&store, &shop).unwrap(), None);
    }
}
