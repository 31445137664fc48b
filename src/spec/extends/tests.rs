use proptest::prelude::*;

use super::*;
use crate::spec::tree::{Kind, Scalar};

/// A tree whose every place names `file`; nulls only where `nulls` allows them.
fn tree(file: &'static str, nulls: bool) -> impl Strategy<Value = Node> {
    let place = Place::start_of(file);
    let scalar = move |kind, written: &str| Node {
        place: Place::start_of(file),
        value: Value::Scalar(Scalar { kind, written: written.to_owned(), plain: true }),
    };
    let leaf = (0..4u8).prop_map(move |which| match which {
        0 if nulls => scalar(Kind::Null, "~"),
        1 => scalar(Kind::Bool(true), "true"),
        2 => Node { place: Place::start_of(file), value: Value::List(vec![scalar(Kind::Text, "item")]) },
        _ => scalar(Kind::Text, file),
    });
    let at = place.clone();
    let map = move |values: BTreeMap<String, Node>| {
        let entry = |(key, value)| Entry { key, key_place: at.clone(), value };
        Node { place: at.clone(), value: Value::Map(values.into_iter().map(entry).collect()) }
    };
    let wrap = map.clone();
    leaf.prop_recursive(3, 24, 4, move |inner| {
        prop::collection::btree_map("[abc]", inner, 0..4).prop_map(map.clone())
    })
    .prop_map(move |node| match node.value {
        Value::Map(_) => node,
        _ => wrap(BTreeMap::from([("a".to_owned(), node)])),
    })
}

fn over(base: &Node, over: &Node) -> Node {
    merge(base.clone(), over.clone())
}

/// Every leaf that is no mapping, by the way to it.
fn leaves(node: &Node) -> BTreeMap<String, &Node> {
    let Value::Map(entries) = &node.value else { return BTreeMap::from([(String::new(), node)]) };
    let deeper = entries.iter().flat_map(|entry| {
        leaves(&entry.value).into_iter().map(|(path, leaf)| (format!("{}.{path}", entry.key), leaf))
    });
    deeper.collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_over_a_file_is_the_file(base in tree("base", false)) {
        let nothing = Node { place: base.place.clone(), value: Value::Map(Vec::new()) };
        prop_assert_eq!(over(&base, &nothing), base.clone());
        prop_assert_eq!(over(&nothing, &base), base);
    }

    #[test]
    fn a_file_over_itself_is_the_file(file in tree("file", false)) {
        prop_assert_eq!(over(&file, &file), file);
    }

    #[test]
    fn every_value_of_the_upper_file_holds_and_keeps_its_place(base in tree("base", false), upper in tree("over", true)) {
        let merged = over(&base, &upper);
        let found = leaves(&merged);
        for (path, leaf) in leaves(&upper) {
            if leaf.is_null() {
                prop_assert!(found.get(&path).is_none_or(|left| left.is_null()), "{} was removed", path);
            } else {
                prop_assert_eq!(found.get(&path), Some(&leaf));
            }
        }
        // What the upper file does not say comes from below, with the place below.
        for (path, leaf) in found {
            let expected = if leaves(&upper).contains_key(&path) { "over" } else { "base" };
            prop_assert_eq!(&*leaf.place.file, expected, "{}", path);
        }
    }
}

#[test]
fn a_path_is_seen_from_the_folder_of_its_file_and_stays_inside() {
    for (from, target, path) in [
        ("environments/a.yaml", "platforms/b.yaml", Some("environments/platforms/b.yaml")),
        ("environments/a.yaml", "./b.yaml", Some("environments/b.yaml")),
        ("environments/a.yaml", "../shared/b.yaml", Some("shared/b.yaml")),
        ("environments/a.yaml", "../../b.yaml", None),
        ("environments/a.yaml", "x/../../../environments/b.yaml", None),
        ("a.yaml", "../b.yaml", None),
        ("a.yaml", "/b.yaml", None),
        ("a.yaml", "\\b.yaml", None),
        ("a.yaml", "C:\\b.yaml", None),
        ("a.yaml", "https://example.org/b.yaml", None),
    ] {
        assert_eq!(join(from, target).as_deref(), path, "{target} in {from}");
    }
    assert_eq!(relative("environments/a.yaml", "environments/platforms/b.yaml"), "platforms/b.yaml");
    assert_eq!(relative("environments/a.yaml", "shared/b.yaml"), "../shared/b.yaml");
}
