//! Readable names for what the simulated cloud draws: identities in a transcript must not change when something
//! else does.

/// Hexadecimal digits of a digest, as plans show it.
const DIGEST_DIGITS: usize = 12;
/// From this length on a run of hexadecimal digits is somebody's identity.
const IDENTITY_DIGITS: usize = 16;

/// Digests by order of appearance.
#[derive(Default)]
pub struct Names {
    digests: Vec<String>,
}

impl Names {
    /// The line with `#1` for the first digest, `#2` for the second, and `…` for other identities.
    pub fn readable(&mut self, line: &str) -> String {
        let mut text = String::new();
        let mut run = String::new();
        for letter in line.chars().chain(['\n']) {
            if letter.is_ascii_digit() || ('a'..='f').contains(&letter) {
                run.push(letter);
                continue;
            }
            text.push_str(&self.named(&run));
            run.clear();
            text.push(letter);
        }
        text.pop();
        text
    }

    fn named(&mut self, run: &str) -> String {
        match run.len() {
            // An account has digits only.
            DIGEST_DIGITS if run.contains(char::is_alphabetic) => {
                let known = self.digests.iter().position(|digest| digest == run);
                let index = known.unwrap_or_else(|| {
                    self.digests.push(run.to_owned());
                    self.digests.len() - 1
                });
                format!("#{}", index + 1)
            }
            IDENTITY_DIGITS.. => "…".to_owned(),
            _ => run.to_owned(),
        }
    }
}
