//! The declaration that a run works towards, asked for again at each step: a newer commit replaces the older plan.

use crate::model::{InputsId, Revision};
use crate::spec::EnvironmentSpec;

/// One environment as it was last declared without an error.
#[derive(Clone, Debug, PartialEq)]
pub struct DeclaredEnvironment {
    /// The declaration, merged and validated.
    pub spec: EnvironmentSpec,
    /// The newest commit that declares it so, for people. A commit that does not concern the environment changes this
    /// and nothing else.
    pub revision: Revision,
    /// What it is made of.
    pub inputs: InputsId,
}

impl DeclaredEnvironment {
    /// A declaration whose files are not known: every other commit counts as one that concerns it.
    pub fn at(spec: EnvironmentSpec, revision: Revision) -> Self {
        let inputs = InputsId::new(revision.as_str());
        Self { spec, revision, inputs }
    }
}

/// Gives the newest declaration of one environment.
pub trait CurrentDeclaration: Send + Sync {
    /// The declaration now; `None` = the repository no longer declares the environment, which becomes unmanaged.
    fn current(&self) -> Option<DeclaredEnvironment>;

    /// Whether moving tags are to be resolved again, beyond a new commit or a wake.
    fn refresh_images(&self) -> bool {
        false
    }

    /// Whether a service that a person starts while the environment sleeps has grace. A one-shot `apply` stops such
    /// services at once; the daemon waits for the end of the grace first.
    fn gives_grace(&self) -> bool {
        false
    }
}

/// A declaration that does not change: for one command, for a test.
impl CurrentDeclaration for DeclaredEnvironment {
    fn current(&self) -> Option<DeclaredEnvironment> {
        Some(self.clone())
    }
}

/// The same with grace, as the daemon gives it.
#[derive(Clone, Debug)]
pub struct WithGrace(pub DeclaredEnvironment);

impl CurrentDeclaration for WithGrace {
    fn current(&self) -> Option<DeclaredEnvironment> {
        Some(self.0.clone())
    }

    fn gives_grace(&self) -> bool {
        true
    }
}
