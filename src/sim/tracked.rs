//! Parts of a world that remember what was changed in them, so that saving a world writes only that.
//!
//! Reading goes through `Deref`. A change of one entry by [`Tracked::get_mut`], [`Tracked::insert`], [`Tracked::remove`]
//! or [`Tracked::entry`] is remembered by its key; any other change of the map goes through `DerefMut`, and then all
//! entries are compared with what was saved of them.

use std::borrow::Borrow;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Deref, DerefMut};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// An entry that was changed; `None`: it was removed. Without a key and a value: all entries were removed.
pub(super) type Change = (Value, Option<Value>);

/// A part of a world that can be saved entry by entry.
pub(super) trait Part {
    /// Begins to remember changes: everything so far is saved.
    fn watch(&mut self);

    /// What was changed since this was asked last.
    fn changes(&mut self) -> Vec<Change>;

    /// Carries out a change that was saved.
    fn carry_out(&mut self, change: Change) -> serde_json::Result<()>;
}

/// A map that remembers its changes.
#[derive(Clone, Debug)]
pub struct Tracked<K, V> {
    map: BTreeMap<K, V>,
    memory: Option<Memory<K>>,
}

#[derive(Clone, Debug)]
struct Memory<K> {
    touched: BTreeSet<K>,
    all: bool,
    /// What was saved of each entry, as a short sum.
    saved: BTreeMap<K, u64>,
}

impl<K: Ord + Clone, V> Tracked<K, V> {
    /// As of the map.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        self.touch(&key);
        self.map.insert(key, value)
    }

    /// As of the map.
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
    {
        self.touch_known(key);
        self.map.get_mut(key)
    }

    /// As of the map.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.touch_known(key);
        self.map.remove(key)
    }

    /// As of the map.
    pub fn entry(&mut self, key: K) -> Entry<'_, K, V> {
        self.touch(&key);
        self.map.entry(key)
    }

    /// As of the map.
    pub fn pop_first(&mut self) -> Option<(K, V)> {
        let (key, value) = self.map.pop_first()?;
        self.touch(&key);
        Some((key, value))
    }

    fn touch(&mut self, key: &K) {
        if let Some(memory) = &mut self.memory {
            memory.touched.insert(key.clone());
        }
    }

    fn touch_known<Q: Ord + ?Sized>(&mut self, key: &Q)
    where
        K: Borrow<Q>,
    {
        if let Some(memory) = &mut self.memory
            && let Some((known, _)) = self.map.get_key_value(key)
        {
            memory.touched.insert(known.clone());
        }
    }
}

impl<K, V> Default for Tracked<K, V> {
    fn default() -> Self {
        Self { map: BTreeMap::new(), memory: None }
    }
}

impl<K, V> From<BTreeMap<K, V>> for Tracked<K, V> {
    fn from(map: BTreeMap<K, V>) -> Self {
        Self { map, memory: None }
    }
}

impl<K, V> Deref for Tracked<K, V> {
    type Target = BTreeMap<K, V>;

    fn deref(&self) -> &Self::Target {
        &self.map
    }
}

impl<K, V> DerefMut for Tracked<K, V> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        if let Some(memory) = &mut self.memory {
            memory.all = true;
        }
        &mut self.map
    }
}

impl<'a, K, V> IntoIterator for &'a Tracked<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = std::collections::btree_map::Iter<'a, K, V>;

    fn into_iter(self) -> Self::IntoIter {
        self.map.iter()
    }
}

impl<K, V> IntoIterator for Tracked<K, V> {
    type Item = (K, V);
    type IntoIter = std::collections::btree_map::IntoIter<K, V>;

    fn into_iter(self) -> Self::IntoIter {
        self.map.into_iter()
    }
}

impl<K: Serialize + Ord, V: Serialize> Serialize for Tracked<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.map.serialize(serializer)
    }
}

impl<'de, K: Deserialize<'de> + Ord, V: Deserialize<'de>> Deserialize<'de> for Tracked<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        BTreeMap::deserialize(deserializer).map(Self::from)
    }
}

impl<K, V> Part for Tracked<K, V>
where
    K: Serialize + DeserializeOwned + Ord + Clone,
    V: Serialize + DeserializeOwned,
{
    fn watch(&mut self) {
        let saved = self.map.iter().map(|(key, value)| (key.clone(), sum_of(&json(value)))).collect();
        self.memory = Some(Memory { touched: BTreeSet::new(), all: false, saved });
    }

    fn changes(&mut self) -> Vec<Change> {
        let mut changes = Vec::new();
        // New, or another map in the place of one that was watched: nothing of it is saved.
        let memory = self.memory.get_or_insert_with(|| {
            changes.push((Value::Null, None));
            Memory { touched: BTreeSet::new(), all: true, saved: BTreeMap::new() }
        });
        let mut touched = std::mem::take(&mut memory.touched);
        if std::mem::take(&mut memory.all) {
            touched.extend(self.map.keys().cloned());
            touched.extend(memory.saved.keys().cloned());
        }
        for key in touched {
            let value = self.map.get(&key).map(json);
            let sum = value.as_ref().map(sum_of);
            if memory.saved.get(&key).copied() == sum {
                continue;
            }
            changes.push((json(&key), value));
            match sum {
                Some(sum) => memory.saved.insert(key, sum),
                None => memory.saved.remove(&key),
            };
        }
        changes
    }

    fn carry_out(&mut self, (key, value): Change) -> serde_json::Result<()> {
        if key.is_null() {
            self.map.clear();
            return Ok(());
        }
        let key = serde_json::from_value(key)?;
        match value {
            Some(value) => self.insert(key, serde_json::from_value(value)?),
            None => self.remove(&key),
        };
        Ok(())
    }
}

/// A list that remembers whether it was changed; its entries are saved by their place.
#[derive(Clone, Debug)]
pub struct TrackedList<T> {
    list: Vec<T>,
    saved: Option<Vec<u64>>,
    touched: bool,
}

impl<T> Default for TrackedList<T> {
    fn default() -> Self {
        Self { list: Vec::new(), saved: None, touched: false }
    }
}

impl<T> Deref for TrackedList<T> {
    type Target = Vec<T>;

    fn deref(&self) -> &Self::Target {
        &self.list
    }
}

impl<T> DerefMut for TrackedList<T> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        self.touched = true;
        &mut self.list
    }
}

impl<'a, T> IntoIterator for &'a TrackedList<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}

impl<'a, T> IntoIterator for &'a mut TrackedList<T> {
    type Item = &'a mut T;
    type IntoIter = std::slice::IterMut<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.touched = true;
        self.list.iter_mut()
    }
}

impl<T: Serialize> Serialize for TrackedList<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.list.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for TrackedList<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self { list: Vec::deserialize(deserializer)?, saved: None, touched: false })
    }
}

impl<T: Serialize + DeserializeOwned> Part for TrackedList<T> {
    fn watch(&mut self) {
        self.saved = Some(self.list.iter().map(|value| sum_of(&json(value))).collect());
        self.touched = false;
    }

    fn changes(&mut self) -> Vec<Change> {
        let mut changes = Vec::new();
        let saved = self.saved.get_or_insert_with(|| {
            changes.push((Value::Null, None));
            self.touched = true;
            Vec::new()
        });
        if !std::mem::take(&mut self.touched) {
            return changes;
        }
        for (place, value) in self.list.iter().enumerate() {
            let value = json(value);
            let sum = sum_of(&value);
            if saved.get(place) != Some(&sum) {
                changes.push((json(&place), Some(value)));
                saved.truncate(saved.len().max(place));
                if place < saved.len() { saved[place] = sum } else { saved.push(sum) }
            }
        }
        for place in (self.list.len()..saved.len()).rev() {
            changes.push((json(&place), None));
            saved.pop();
        }
        changes
    }

    fn carry_out(&mut self, (place, value): Change) -> serde_json::Result<()> {
        if place.is_null() {
            self.list.clear();
            return Ok(());
        }
        let place: usize = serde_json::from_value(place)?;
        match value {
            Some(value) if place < self.list.len() => self.list[place] = serde_json::from_value(value)?,
            Some(value) => self.list.push(serde_json::from_value(value)?),
            None => self.list.truncate(place),
        }
        Ok(())
    }
}

fn json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).expect("a world is plain data")
}

/// Tells two texts apart; not kept beyond this process.
pub(super) fn sum_of(value: &Value) -> u64 {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let mut hasher = DefaultHasher::new();
    value.to_string().hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests;
