//! Fingerprints of a declaration: the journal keeps them to tell an edit in git from drift in AWS.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use super::EnvironmentSpec;

impl EnvironmentSpec {
    /// Fingerprints of the whole declaration, under [`WHOLE`], and of each part that may drift, under `service/web`,
    /// `gate` and `database`. Equal declarations have equal fingerprints; any edit changes one. Another version of
    /// tidegate may compute others.
    pub fn fingerprints(&self) -> BTreeMap<String, String> {
        let services = self.services.iter().map(|(name, service)| {
            let images: Vec<_> = service.images.values().map(|image| image.render(&self.versions)).collect();
            (format!("service/{name}"), fingerprint(&(service, images)))
        });
        let rest = [
            (WHOLE.to_owned(), fingerprint(self)),
            ("gate".to_owned(), fingerprint(&self.maintenance)),
            ("database".to_owned(), fingerprint(&self.database)),
        ];
        services.chain(rest).collect()
    }
}

/// The key of the whole declaration in [`EnvironmentSpec::fingerprints`].
pub const WHOLE: &str = "whole";

fn fingerprint(part: &impl std::fmt::Debug) -> String {
    let digest = Sha256::digest(format!("{part:?}"));
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
