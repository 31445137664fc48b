//! Names of services in one sentence.

use crate::model::ServiceName;

/// Names in one sentence; of more, the first are named and the rest is counted.
const NAMED_MAX: usize = 4;

/// `` `web` and `workers` ``; of many names, only the first ones.
pub(super) fn list<'a>(names: impl IntoIterator<Item = &'a ServiceName>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    if names.len() > NAMED_MAX {
        return format!("{} and {} others", names[..NAMED_MAX - 1].join(", "), names.len() + 1 - NAMED_MAX);
    }
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.concat(),
    }
}
