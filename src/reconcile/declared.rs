//! What a run works towards, asked again at each step: a newer commit replaces the older plan.

use crate::model::Revision;
use crate::spec::EnvironmentSpec;

/// One environment as it was last declared without an error.
#[derive(Clone, Debug, PartialEq)]
pub struct DeclaredEnvironment {
    /// The declaration.
    pub spec: EnvironmentSpec,
    /// The commit it comes from.
    pub revision: Revision,
}

/// Who says what is wanted.
pub trait CurrentDeclaration: Send + Sync {
    /// What is wanted now; `None` = the environment is declared no more, and is left as it is.
    fn current(&self) -> Option<DeclaredEnvironment>;

    /// Whether moving tags are to be resolved again, beyond a new commit or a wake.
    fn refresh_images(&self) -> bool {
        false
    }

    /// Whether what a person starts while the environment sleeps is left alone for a while. Whoever acts once
    /// was asked to act; whoever goes on acting would be fighting.
    fn gives_grace(&self) -> bool {
        false
    }
}

/// A wish that does not change: one command, one test.
impl CurrentDeclaration for DeclaredEnvironment {
    fn current(&self) -> Option<DeclaredEnvironment> {
        Some(self.clone())
    }
}

/// The same for whoever goes on acting.
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
