//! The files of one revision as the reader sees them: those that can be read, those that cannot, and those that an
//! environment has used so far.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};

use super::Inputs;
use super::diagnostic::{Code, Diagnostic, Place};
use crate::model::{FileFault, InputsId};

/// How many bytes of the hash name the inputs of an environment: two files that are not equal never share them.
const ID_BYTES: usize = 16;

/// The files of the repository by path, and which of them were asked for.
pub(super) struct Files<'a> {
    contents: &'a BTreeMap<String, Vec<u8>>,
    faults: &'a BTreeMap<String, FileFault>,
    used: RefCell<BTreeSet<String>>,
}

impl<'a> Files<'a> {
    pub(super) fn new(
        contents: &'a BTreeMap<String, Vec<u8>>,
        faults: &'a BTreeMap<String, FileFault>,
    ) -> Self {
        Self { contents, faults, used: RefCell::default() }
    }

    /// The content of a file, which counts as used from now on.
    pub(super) fn get(&self, path: &str) -> Option<&'a Vec<u8>> {
        let content = self.contents.get(path)?;
        self.used.borrow_mut().insert(path.to_owned());
        Some(content)
    }

    /// Why a file cannot be read although it exists, or may exist: the fault may be one of a folder above it.
    pub(super) fn fault(&self, path: &str) -> Option<&'a FileFault> {
        let ends = path.match_indices('/').map(|(end, _)| end).chain([path.len()]);
        ends.rev().find_map(|end| self.faults.get(&path[..end]))
    }

    /// Whether there is such a file, readable or not.
    pub(super) fn contains_key(&self, path: &str) -> bool {
        self.contents.contains_key(path) || self.fault(path).is_some()
    }

    /// The paths of all readable files.
    pub(super) fn keys(&self) -> impl Iterator<Item = &'a String> {
        self.contents.keys()
    }

    /// What was used since the last call.
    pub(super) fn take_used(&self) -> Inputs {
        let files = self.used.take();
        let mut hash = Sha256::new();
        for path in &files {
            // Lengths keep two lists of files from having the same bytes.
            for part in [path.as_bytes(), &self.contents[path]] {
                hash.update((part.len() as u64).to_le_bytes());
                hash.update(part);
            }
        }
        let id: String = hash.finalize().iter().take(ID_BYTES).map(|byte| format!("{byte:02x}")).collect();
        Inputs { id: InputsId::new(id), files }
    }
}

/// The problem of a file that cannot be read.
pub(super) fn unusable(path: &str, fault: &FileFault) -> Diagnostic {
    Diagnostic::error(Place::start_of(path), Code::Unreadable, fault.message.clone()).with_hint(&fault.hint)
}
