//! The queue of events as JSON, which has no maps with keys of two parts.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Event, Instant, Tracked};

type Queue = Tracked<(Instant, u64), Event>;

pub(super) fn serialize<S: Serializer>(queue: &Queue, serializer: S) -> Result<S::Ok, S::Error> {
    queue.iter().collect::<Vec<_>>().serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Queue, D::Error> {
    let events = Vec::<((Instant, u64), Event)>::deserialize(deserializer)?;
    Ok(events.into_iter().collect::<BTreeMap<_, _>>().into())
}
