//! What a run works towards, asked again at each step: a newer commit replaces the older plan.

use crate::model::Revision;
use crate::schedule::Override;
use crate::spec::EnvironmentSpec;

/// One environment as it was last declared without an error.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// The declaration.
    pub spec: EnvironmentSpec,
    /// The commit it comes from.
    pub revision: Revision,
}

/// Who says what is wanted.
pub trait Wishes: Send + Sync {
    /// What is wanted now; `None` = the environment is declared no more, and is left as it is.
    fn current(&self) -> Option<Wanted>;

    /// What a person set at run time.
    fn runtime_override(&self) -> Option<Override> {
        None
    }

    /// Whether moving tags are to be resolved again, beyond a new commit or a wake.
    fn refresh_images(&self) -> bool {
        false
    }
}

/// A wish that does not change: one command, one test.
impl Wishes for Wanted {
    fn current(&self) -> Option<Wanted> {
        Some(self.clone())
    }
}
