use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Step {
    Insert(u8, u32),
    Change(u8),
    Remove(u8),
    Entry(u8),
    Pop,
    All,
    Replace(u8),
    Save,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0u8..8, any::<u32>()).prop_map(|(key, value)| Step::Insert(key, value)),
        (0u8..8).prop_map(Step::Change),
        (0u8..8).prop_map(Step::Remove),
        (0u8..8).prop_map(Step::Entry),
        Just(Step::Pop),
        Just(Step::All),
        (0u8..8).prop_map(Step::Replace),
        Just(Step::Save),
    ]
}

proptest! {
    #[test]
    fn what_was_saved_is_what_is_there(steps in prop::collection::vec(step(), 0..60)) {
        let (mut map, mut list) = (Tracked::<u8, u32>::default(), TrackedList::<u32>::default());
        let (mut saved_map, mut saved_list) = (map.clone(), list.clone());
        Part::watch(&mut map);
        Part::watch(&mut list);
        for step in steps.into_iter().chain([Step::Save]) {
            match step {
                Step::Insert(key, value) => {
                    map.insert(key, value);
                    list.push(value);
                }
                Step::Change(key) => {
                    if let Some(value) = map.get_mut(&key) {
                        *value = value.wrapping_add(1);
                    }
                    if let Some(value) = list.get_mut(usize::from(key)) {
                        *value = value.wrapping_add(1);
                    }
                }
                Step::Remove(key) => {
                    map.remove(&key);
                    if usize::from(key) < list.len() {
                        list.remove(usize::from(key));
                    }
                }
                Step::Entry(key) => *map.entry(key).or_insert(7) ^= 1,
                Step::Pop => {
                    map.pop_first();
                    list.pop();
                }
                Step::All => {
                    map.values_mut().for_each(|value| *value /= 2);
                    map.retain(|key, _| key % 3 != 0);
                    list.iter_mut().for_each(|value| *value /= 2);
                }
                Step::Replace(key) => {
                    map = BTreeMap::from([(key, 1)]).into();
                    list = TrackedList::default();
                    list.push(u32::from(key));
                }
                Step::Save => {
                    for change in map.changes() {
                        saved_map.carry_out(change).unwrap();
                    }
                    for change in list.changes() {
                        saved_list.carry_out(change).unwrap();
                    }
                    prop_assert_eq!(&*map, &*saved_map);
                    prop_assert_eq!(&*list, &*saved_list);
                }
            }
        }
        prop_assert!(map.changes().is_empty() && list.changes().is_empty(), "nothing is saved twice");
    }
}
