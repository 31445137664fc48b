//! A world in pieces: what changed since it was saved last, as values, and back.
//!
//! World and region are taken apart by name, so a new field needs its place here.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::Error as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Region, RegionId, World};
use crate::cloud::Capacity;
use crate::sim::tracked::{Part, sum_of};

/// One entry of one part that changed. Without a value it was removed.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::sim) struct Piece {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    region: Option<RegionId>,
    part: String,
    #[serde(default, skip_serializing_if = "Value::is_null")]
    key: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<Value>,
}

/// What was saved of the parts that are saved as a whole, as short sums.
#[derive(Clone, Debug, Default)]
pub(super) struct SavedWholes(BTreeMap<(Option<RegionId>, &'static str), u64>);

/// The small parts of a region: saved as a whole.
#[derive(Serialize, Deserialize)]
struct RegionHead {
    account: String,
    caller: Option<String>,
    name: String,
    capacity: BTreeMap<String, Capacity>,
    outside: BTreeMap<String, u32>,
    deregistered: BTreeSet<String>,
    snapshots_max: Option<u64>,
}

impl World {
    /// From now on, what changes is remembered: everything so far is saved.
    pub(in crate::sim) fn watch(&mut self) {
        self.parts().into_iter().for_each(|(_, part)| part.watch());
        self.regions.iter_mut().flat_map(Region::parts).for_each(|(_, part)| part.watch());
        self.saved = Some(SavedWholes::default());
        // Their first sums.
        self.changes();
    }

    /// What changed since this was asked last.
    pub(in crate::sim) fn changes(&mut self) -> Vec<Piece> {
        let Some(mut saved) = self.saved.take() else { return Vec::new() };
        let mut pieces = Vec::new();
        let mut wholes: Vec<(Option<RegionId>, &'static str, Value)> =
            self.wholes().into_iter().map(|(part, value)| (None, part, value)).collect();
        for (id, region) in self.regions.iter().enumerate() {
            wholes.push((Some(id), "head", json(&region.head())));
        }
        for (region, part, value) in wholes {
            let sum = sum_of(&value);
            if saved.0.insert((region, part), sum) != Some(sum) {
                let (part, key, value) = (part.to_owned(), Value::Null, Some(value));
                pieces.push(Piece { region, part, key, value });
            }
        }
        let own =
            self.parts().into_iter().map(|(name, part)| (None, name, part.changes())).collect::<Vec<_>>();
        let regions = self.regions.iter_mut().enumerate().flat_map(|(id, region)| {
            region
                .parts()
                .into_iter()
                .map(move |(name, part)| (Some(id), name, part.changes()))
                .collect::<Vec<_>>()
        });
        for (region, name, changes) in own.into_iter().chain(regions) {
            pieces.extend(changes.into_iter().map(|(key, value)| {
                let part = name.to_owned();
                Piece { region, part, key, value }
            }));
        }
        self.saved = Some(saved);
        pieces
    }

    /// Carries out a change that was saved.
    pub(in crate::sim) fn carry_out(&mut self, piece: Piece) -> serde_json::Result<()> {
        let Piece { region, part, key, value } = piece;
        let unknown = || serde_json::Error::custom(format!("a world has no part `{part}`"));
        match (region, value) {
            (None, Some(value)) if key.is_null() => self.set_whole(&part, value),
            (None, value) => {
                let mut parts = self.parts().into_iter();
                let (_, found) = parts.find(|(name, _)| *name == part).ok_or_else(unknown)?;
                found.carry_out((key, value))
            }
            (Some(id), Some(head)) if part == "head" => {
                while self.regions.len() <= id {
                    self.regions.push(Region::default());
                }
                self.regions[id].set_head(serde_json::from_value(head)?);
                Ok(())
            }
            (Some(id), value) => {
                let region = self.regions.get_mut(id).ok_or_else(unknown)?;
                let mut parts = region.parts().into_iter();
                let (_, found) = parts.find(|(name, _)| *name == part).ok_or_else(unknown)?;
                found.carry_out((key, value))
            }
        }
    }

    fn parts(&mut self) -> Vec<(&'static str, &mut dyn Part)> {
        let World { events, buckets, watches, .. } = self;
        vec![("events", events), ("buckets", buckets), ("watches", watches)]
    }

    fn wholes(&self) -> Vec<(&'static str, Value)> {
        let World {
            now,
            dice,
            ticket,
            registry,
            script,
            effects,
            runs,
            requests,
            violations,
            broken,
            // In parts of their own.
            events: _,
            regions: _,
            buckets: _,
            watches: _,
            saved: _,
        } = self;
        vec![
            ("now", json(now)),
            ("dice", json(dice)),
            ("ticket", json(ticket)),
            ("registry", json(registry)),
            ("script", json(script)),
            ("effects", json(effects)),
            ("runs", json(runs)),
            ("requests", json(requests)),
            ("violations", json(violations)),
            ("broken", json(broken)),
        ]
    }

    fn set_whole(&mut self, part: &str, value: Value) -> serde_json::Result<()> {
        match part {
            "now" => self.now = serde_json::from_value(value)?,
            "dice" => self.dice = serde_json::from_value(value)?,
            "ticket" => self.ticket = serde_json::from_value(value)?,
            "registry" => self.registry = serde_json::from_value(value)?,
            "script" => self.script = serde_json::from_value(value)?,
            "effects" => self.effects = serde_json::from_value(value)?,
            "runs" => self.runs = serde_json::from_value(value)?,
            "requests" => self.requests = serde_json::from_value(value)?,
            "violations" => self.violations = serde_json::from_value(value)?,
            "broken" => self.broken = serde_json::from_value(value)?,
            other => return Err(serde_json::Error::custom(format!("a world has no part `{other}`"))),
        }
        Ok(())
    }
}

impl Region {
    fn parts(&mut self) -> Vec<(&'static str, &mut dyn Part)> {
        let Region {
            clusters,
            services,
            definitions,
            tasks,
            tokens,
            logs,
            sidecar_logs,
            targets,
            databases,
            listeners,
            functions,
            distributions,
            secrets,
            // In the head.
            account: _,
            caller: _,
            name: _,
            capacity: _,
            outside: _,
            deregistered: _,
            snapshots_max: _,
        } = self;
        vec![
            ("clusters", clusters),
            ("services", services),
            ("definitions", definitions),
            ("tasks", tasks),
            ("tokens", tokens),
            ("logs", logs),
            ("sidecar_logs", sidecar_logs),
            ("targets", targets),
            ("databases", databases),
            ("listeners", listeners),
            ("functions", functions),
            ("distributions", distributions),
            ("secrets", secrets),
        ]
    }

    fn head(&self) -> RegionHead {
        let Region { account, caller, name, capacity, outside, deregistered, snapshots_max, .. } = self;
        RegionHead {
            account: account.clone(),
            caller: caller.clone(),
            name: name.clone(),
            capacity: capacity.clone(),
            outside: outside.clone(),
            deregistered: deregistered.clone(),
            snapshots_max: *snapshots_max,
        }
    }

    fn set_head(&mut self, head: RegionHead) {
        let RegionHead { account, caller, name, capacity, outside, deregistered, snapshots_max } = head;
        (self.account, self.caller, self.name) = (account, caller, name);
        (self.capacity, self.outside) = (capacity, outside);
        (self.deregistered, self.snapshots_max) = (deregistered, snapshots_max);
    }
}

fn json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).expect("a world is plain data")
}
