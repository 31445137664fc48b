//! The valve through which requests leave: at the end of the process it closes, and it knows the writes that AWS has
//! not answered yet.
//!
//! A request that is dropped before its answer is as good as a crash in the middle of it, and everything here survives
//! a crash; but a write whose answer is still awaited for a moment need not be looked for by the next process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Shared by all requests of a process. Clones are the same valve.
#[derive(Clone, Debug, Default)]
pub struct Valve(Arc<State>);

#[derive(Debug, Default)]
struct State {
    is_closed: AtomicBool,
    writes: AtomicUsize,
}

/// A request that was let through. Dropping it says that it was answered, or that no answer is awaited any longer.
#[derive(Debug)]
pub struct Passage(Option<Arc<State>>);

impl Valve {
    /// From now on no request passes.
    pub fn close(&self) {
        self.0.is_closed.store(true, Ordering::SeqCst);
    }

    /// The writes that were let through and have no answer yet.
    pub fn unanswered_writes(&self) -> usize {
        self.0.writes.load(Ordering::SeqCst)
    }

    /// Lets one request through. None: the valve is closed.
    pub fn pass(&self, is_write: bool) -> Option<Passage> {
        // Counted before the question, so that whoever closes the valve sees every write that passed before.
        let passage = Passage(is_write.then(|| self.0.clone()));
        if is_write {
            self.0.writes.fetch_add(1, Ordering::SeqCst);
        }
        (!self.0.is_closed.load(Ordering::SeqCst)).then_some(passage)
    }
}

impl Drop for Passage {
    fn drop(&mut self) {
        if let Some(state) = &self.0 {
            state.writes.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_passes_a_closed_valve_and_writes_are_counted_until_their_answer() {
        let valve = Valve::default();
        let read = valve.pass(false);
        let write = valve.clone().pass(true);
        assert!(read.is_some() && write.is_some());
        assert_eq!(valve.unanswered_writes(), 1);
        valve.close();
        assert!(valve.pass(false).is_none() && valve.pass(true).is_none());
        assert_eq!(valve.unanswered_writes(), 1, "the one before");
        drop((read, write));
        assert_eq!(valve.unanswered_writes(), 0);
    }
}
