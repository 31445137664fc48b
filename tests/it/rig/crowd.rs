//! Many cases on all cores: each on its own, so that one that fails says which it was and the others go on.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// After this many failures nothing more is learned.
const FAILURES_MAX: usize = 5;

/// Runs `case` for each item; gives what failed, in no particular order. A panic is a failure.
pub fn failures<T: Sync>(items: &[T], case: impl Fn(&T) -> Result<(), String> + Sync) -> Vec<String> {
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(Vec::new());
    let work = || {
        while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
            let ended = catch_unwind(AssertUnwindSafe(|| case(item)));
            if let Err(why) = ended.unwrap_or_else(|panic| Err(said(&*panic))) {
                let mut failed = failed.lock().unwrap();
                failed.push(why);
                if failed.len() >= FAILURES_MAX {
                    next.store(items.len(), Ordering::Relaxed);
                }
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    failed.into_inner().unwrap()
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    format!("panicked: {}", text.unwrap_or_default())
}
