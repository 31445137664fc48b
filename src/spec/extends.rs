//! `extends`: merges a file with the one that it extends. Mappings merge, scalars and lists replace, `key: ~` removes.
//!
//! Every value keeps its place in its own file, so that a problem is shown where it can be fixed. A path that leaves
//! the repository is refused before any file is read.

use std::collections::BTreeMap;

use super::diagnostic::{Code, Diagnostic, Place};
pub(super) use super::files::Files;
use super::tree::{self, Entry, Node, Value};
use super::{files, suggest};

/// Reads files and what they extend; parses each file at most once.
pub(super) struct FileLoader<'a> {
    files: &'a Files<'a>,
    read: BTreeMap<String, (Option<Node>, Vec<Diagnostic>)>,
}

/// A file, merged with the files that it extends.
pub(super) struct Loaded {
    pub(super) node: Node,
    /// Whether all files could be read. If not, `node` holds those that could, so that their problems are found.
    pub(super) complete: bool,
}

impl<'a> FileLoader<'a> {
    pub(super) fn new(files: &'a Files<'a>) -> Self {
        Self { files, read: BTreeMap::new() }
    }

    /// The files themselves.
    pub(super) fn files(&self) -> &'a Files<'a> {
        self.files
    }

    /// Reads a file and everything that it extends; adds the problems of all of them to `problems`.
    pub(super) fn load(&mut self, path: &str, problems: &mut Vec<Diagnostic>) -> Loaded {
        let mut chain: Vec<(String, Node)> = Vec::new();
        let mut next = Some(path.to_owned());
        let mut complete = true;
        while let Some(path) = next.take() {
            let (node, found) = self.parse(&path);
            problems.extend(found);
            let Some(mut node) = node else {
                complete = false;
                break;
            };
            if let Some(target) = take_extends(&mut node) {
                match self.resolve(&path, &target, &chain) {
                    Ok(base) => next = Some(base),
                    Err(problem) => {
                        problems.push(*problem);
                        complete = false;
                    }
                }
            }
            chain.push((path, node));
        }
        // From the innermost base outwards.
        let mut node = Node { place: Place::start_of(path), value: Value::Map(Vec::new()) };
        while let Some((_, over)) = chain.pop() {
            node = merge(node, over);
        }
        Loaded { node, complete }
    }

    fn parse(&mut self, path: &str) -> (Option<Node>, Vec<Diagnostic>) {
        // Asked for in any case: the file counts as used by this environment, too.
        let bytes = self.files.get(path);
        if let Some(read) = self.read.get(path) {
            return read.clone();
        }
        let (node, mut problems) = match (bytes, self.files.fault(path)) {
            (Some(bytes), _) => tree::parse(path, bytes),
            (None, Some(fault)) => (None, vec![files::unusable(path, fault)]),
            (None, None) => unreachable!("only files that exist are asked for"),
        };
        let node = node.and_then(|node| match node.value {
            Value::Map(_) => Some(node),
            _ => {
                let message = "a declaration must be a mapping of keys to values";
                let problem = Diagnostic::error(node.place.clone(), Code::WrongType, message);
                problems.push(problem.with_hint("begin the file with `name: …`"));
                None
            }
        });
        self.read.insert(path.to_owned(), (node.clone(), problems.clone()));
        (node, problems)
    }

    /// The path of the file that `extends` names, seen from the file it stands in.
    fn resolve(
        &self,
        from: &str,
        target: &Node,
        chain: &[(String, Node)],
    ) -> Result<String, Box<Diagnostic>> {
        let error = |code, message: String, hint: Option<String>| {
            let problem = Diagnostic::error(target.place.clone(), code, message);
            Box::new(Diagnostic { hint, ..problem })
        };
        let Some(text) = target.text() else {
            let hint = "write one path, such as `platforms/graasp.yaml`";
            return Err(error(
                Code::WrongType,
                "the value of `extends` must be one path".to_owned(),
                Some(hint.to_owned()),
            ));
        };
        let Some(path) = join(from, text) else {
            let message = format!("`{text}` is outside the repository");
            let hint = "give a file of this repository, as a path from this file's folder";
            return Err(error(Code::ExtendsOutside, message, Some(hint.to_owned())));
        };
        let mut trail: Vec<&str> = chain.iter().map(|(path, _)| path.as_str()).chain([from]).collect();
        if let Some(start) = trail.iter().position(|seen| *seen == path) {
            trail.push(&path);
            let message = format!("these files extend each other: {}", trail[start..].join(" → "));
            let hint = "move the shared part to a separate file";
            return Err(error(Code::ExtendsLoop, message, Some(hint.to_owned())));
        }
        if !self.files.contains_key(&path) {
            let known = self.files.keys().map(String::as_str).filter(|file| *file != from);
            let near = suggest::nearest(&path, known);
            let hint = near.map(|near| format!("did you mean `{}`?", relative(from, near)));
            return Err(error(Code::ExtendsMissing, format!("there is no file `{path}`"), hint));
        }
        Ok(path)
    }
}

fn take_extends(node: &mut Node) -> Option<Node> {
    let Value::Map(entries) = &mut node.value else { return None };
    let index = entries.iter().position(|entry| entry.key == "extends")?;
    Some(entries.remove(index).value).filter(|value| !value.is_null())
}

/// The path of `target`, relative to the folder of `from`. `None` if it is absolute or leaves the repository.
pub(super) fn join(from: &str, target: &str) -> Option<String> {
    if target.starts_with(['/', '\\']) || target.contains(':') {
        return None;
    }
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in target.split(['/', '\\']) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// `path` as written in the file `from`.
pub(super) fn relative(from: &str, path: &str) -> String {
    let folder: Vec<&str> = from.split('/').collect();
    let folder = &folder[..folder.len() - 1];
    let path: Vec<&str> = path.split('/').collect();
    let shared = folder.iter().zip(&path).take_while(|(a, b)| a == b).count();
    let ups = std::iter::repeat_n("..", folder.len() - shared);
    ups.chain(path[shared..].iter().copied()).collect::<Vec<_>>().join("/")
}

/// Merges `over` into `base`. An empty value that removes nothing is kept, so that `decode` can report it.
pub(super) fn merge(base: Node, over: Node) -> Node {
    let Node { place, value } = over;
    let Value::Map(over) = value else { return Node { place, value } };
    let mut entries = match base.value {
        Value::Map(entries) => entries,
        Value::Scalar(_) | Value::List(_) => Vec::new(),
    };
    for Entry { key, key_place, value } in over {
        let Some(index) = entries.iter().position(|entry| entry.key == key) else {
            let value = merge(Node::nothing(), value);
            entries.push(Entry { key, key_place, value });
            continue;
        };
        if value.is_null() && !entries[index].value.is_null() {
            entries.remove(index);
            continue;
        }
        let below = std::mem::replace(&mut entries[index].value, Node::nothing());
        let value = merge(below, value);
        entries[index] = Entry { key, key_place, value };
    }
    Node { place, value: Value::Map(entries) }
}

impl Node {
    /// An absent base: an empty mapping.
    fn nothing() -> Self {
        Node { place: Place::start_of(""), value: Value::Map(Vec::new()) }
    }
}

#[cfg(test)]
mod tests;
