//! Secrets reach no output and no file but the cloud's own.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use tidegate::sim::{Outcome, PASSWORD};

use super::place::{NOON, Place, WINDOW};

fn files(folder: &Path, found: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        // The world *is* the cloud: definitions and secrets are kept there, as AWS keeps them.
        } else if !path.ends_with("sim/world.json") && !path.ends_with("sim/world.log") {
            let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            found.insert(path.display().to_string(), text);
        }
    }
}

#[test]
fn no_secret_is_printed_or_kept() {
    for (dir, environment, version, now) in
        [(".", "production", "v2.24.0", WINDOW), ("examples/migration", "library", "v5.0.0", NOON)]
    {
        let place = Place::new(dir, now);
        place.edit(|world| world.script.migration(version, [Outcome::Exit { code: 1, partial: true }]));
        let mut texts = BTreeMap::new();
        for args in [
            &["plan", environment][..],
            &["plan", environment, "--output", "json"],
            &["plan", environment, "--output", "markdown"],
            &["apply", environment],
            &["plan", environment],
            &["status", environment],
            &["status", "--output", "json"],
            &["retry", environment, "--reason", "again"],
            &["apply", environment, "--output", "json"],
            &["status", environment, "--output", "json"],
            &["history", environment],
            &["history", environment, "--output", "json"],
        ] {
            let ended = place.run(args);
            texts.insert(args.join(" "), ended.out + &ended.err);
        }
        files(&place.store(), &mut texts);
        let world = place.world();
        let mut secrets: Vec<&str> = vec![PASSWORD];
        secrets.extend(world.regions.iter().flat_map(|region| region.secrets.values()).map(String::as_str));
        assert!(secrets.len() > 1, "the gate has a secret");
        for (name, text) in &texts {
            for secret in &secrets {
                assert!(!text.contains(secret), "a secret in {name}");
            }
        }
    }
}
