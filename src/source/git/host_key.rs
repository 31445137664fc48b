//! Which key an ssh host offered, and whether the known hosts have another one for it.
//!
//! libgit2 decides whether a host is trusted; it answers "unknown" and "changed" with the same words. The difference is
//! the one that matters to a person: an unknown key is ordinary on the first day, a changed one may be an attack. So
//! this file looks only after libgit2 has refused, and decides nothing but words.

use std::cell::RefCell;
use std::rc::Rc;

use git2::cert::Cert;
use git2::{CertificateCheckStatus, RemoteCallbacks};

use crate::source::RemoteFault;

/// What the host offered during one connection.
#[derive(Clone, Default)]
pub(super) struct OfferedHostKey(Rc<RefCell<Option<Offer>>>);

struct Offer {
    /// As `ssh-keygen -l` prints it.
    fingerprint: String,
    is_changed: bool,
}

impl OfferedHostKey {
    /// Looks at the host key when libgit2 shows it, and leaves the decision to libgit2.
    pub(super) fn watch(&self, callbacks: &mut RemoteCallbacks<'_>, port: Option<u16>) {
        let offered = self.clone();
        callbacks.certificate_check(move |certificate, host| {
            *offered.0.borrow_mut() = offer(certificate, host, port.unwrap_or(SSH_PORT));
            Ok(CertificateCheckStatus::CertificatePassthrough)
        });
    }

    /// What a refusal of the host key means, and the message with the key's fingerprint.
    pub(super) fn judge(&self, message: String) -> (RemoteFault, String) {
        match &*self.0.borrow() {
            None => (RemoteFault::HostKeyUnknown, message),
            Some(Offer { fingerprint, is_changed }) => {
                let fault =
                    if *is_changed { RemoteFault::HostKeyChanged } else { RemoteFault::HostKeyUnknown };
                (fault, format!("{message}; the host offers {fingerprint}"))
            }
        }
    }
}

const SSH_PORT: u16 = 22;

/// The host as a line of the file names it.
#[cfg(feature = "remotes")]
fn entry_name(host: &str, port: u16) -> String {
    if port == SSH_PORT { host.to_owned() } else { format!("[{host}]:{port}") }
}

#[cfg(not(feature = "remotes"))]
fn offer(_: &Cert<'_>, _: &str, _: u16) -> Option<Offer> {
    None
}

#[cfg(feature = "remotes")]
fn offer(certificate: &Cert<'_>, host: &str, port: u16) -> Option<Offer> {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD_NO_PAD;
    use std::io::Read;

    let key = certificate.as_hostkey()?;
    let fingerprint = format!("SHA256:{}", STANDARD_NO_PAD.encode(key.hash_sha256()?));
    let mut known = String::new();
    if let Some(home) = std::env::home_dir()
        && let Ok(file) = std::fs::File::open(home.join(".ssh/known_hosts"))
    {
        // What cannot be read names no host: then the key counts as unknown.
        let _ = file.take(known_hosts::BYTES_MAX).read_to_string(&mut known);
    }
    Some(Offer { fingerprint, is_changed: known_hosts::names(&known, &entry_name(host, port)) })
}

/// The file of known hosts, as sshd(8) describes it under "SSH_KNOWN_HOSTS FILE FORMAT".
#[cfg(feature = "remotes")]
mod known_hosts {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use hmac::{Hmac, KeyInit, Mac};
    use sha1::Sha1;

    /// Room for tens of thousands of hosts.
    pub(super) const BYTES_MAX: u64 = 16 * 1024 * 1024;

    /// Whether any line is about this host: `git.example.org`, or `[git.example.org]:2222`.
    pub(super) fn names(text: &str, name: &str) -> bool {
        text.lines().any(|line| {
            let line = line.trim_start();
            // A marker (`@cert-authority`, `@revoked`) speaks of other things than this host's own key.
            let is_entry = !line.is_empty() && !line.starts_with(['#', '@']);
            is_entry && line.split_whitespace().next().is_some_and(|hosts| is_about(hosts, name))
        })
    }

    fn is_about(hosts: &str, name: &str) -> bool {
        match hosts.strip_prefix("|1|") {
            Some(hashed) => is_hash_of(hashed, name).unwrap_or(false),
            None => hosts.split(',').any(|host| host.eq_ignore_ascii_case(name)),
        }
    }

    /// `salt|hash`, both in base64: HMAC-SHA1 of the name with the salt as its key.
    fn is_hash_of(hashed: &str, name: &str) -> Option<bool> {
        let (salt, hash) = hashed.split_once('|')?;
        let (salt, hash) = (STANDARD.decode(salt).ok()?, STANDARD.decode(hash).ok()?);
        let mut mac = Hmac::<Sha1>::new_from_slice(&salt).ok()?;
        mac.update(name.as_bytes());
        Some(mac.verify_slice(&hash).is_ok())
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn a_host_is_found_by_name_by_port_and_by_hash() {
            // The last line was made by `ssh-keygen -H` for `git.example.org`.
            let text = "\
# a comment git.example.com
git.example.com,192.0.2.7 ssh-ed25519 AAAA
[git.example.com]:2222 ssh-rsa AAAA
@revoked bad.example.com ssh-rsa AAAA
|1|NfPpxkcgji2YL3spvIqVqaEbXlE=|sobM0lw9/GUfk0fWrMfA2lB7CIA= ssh-ed25519 AAAA
";
            for (host, known) in [
                ("git.example.com", true),
                ("GIT.example.com", true),
                ("192.0.2.7", true),
                ("[git.example.com]:2222", true),
                ("[git.example.com]:2223", false),
                ("bad.example.com", false),
                ("git.example.org", true),
                ("other.example.org", false),
            ] {
                assert_eq!(names(text, host), known, "{host}");
            }
            assert!(!names("|1|not base64|x ssh-rsa AAAA", "git.example.org"));
        }
    }
}
