//! From an error of libgit2 to what it means.
//!
//! libgit2 gives most answers of a host only as text, so this file is a table of its texts. A row that no longer
//! matches after an update of libgit2 is found by the tests, which let a real server give each answer.

use git2::{Error, ErrorClass, ErrorCode};

use crate::source::{LocalFault, RemoteFault};

/// What a remote's answer means.
pub(super) fn remote_fault(error: &Error) -> RemoteFault {
    let message = error.message().to_ascii_lowercase();
    let has = |text: &str| message.contains(text);
    match (error.code(), error.class()) {
        (_, ErrorClass::Callback) if has("refused the credentials") => RemoteFault::CredentialsRefused,
        (_, ErrorClass::Callback) => RemoteFault::CredentialsMissing,
        (ErrorCode::Certificate, ErrorClass::Ssh) => RemoteFault::HostKeyUnknown,
        _ if has("hostkey") => RemoteFault::HostKeyUnknown,
        _ if has("hostname does not match") => RemoteFault::CertificateOfAnotherHost,
        (ErrorCode::Certificate, _) => RemoteFault::CertificateUntrusted,
        _ => by_text(&message, error.class()).unwrap_or_else(|| by_code(error)),
    }
}

fn by_code(error: &Error) -> RemoteFault {
    match (error.code(), error.class()) {
        (ErrorCode::Auth, _) => RemoteFault::CredentialsRefused,
        (ErrorCode::NotFound, _) => RemoteFault::NotFound,
        (ErrorCode::Eof, _) => RemoteFault::ConnectionLost,
        _ => RemoteFault::Unknown,
    }
}

/// What libgit2 1.9 writes (`transports/http.c`, `smart_pkt.c`, `ssh_libssh2.c`, `streams/*.c`, `net.c`), and what
/// hosts write into git's own error packets. The first row that fits counts.
fn by_text(message: &str, class: ErrorClass) -> Option<RemoteFault> {
    use RemoteFault::*;
    if let Some(status) = message.strip_prefix("unexpected http status code: ") {
        return Some(of_status(status));
    }
    if let Some(kind) = message.strip_prefix("invalid content-type: '") {
        return Some(of_content_type(kind));
    }
    const ROWS: &[(&str, RemoteFault)] = &[
        ("failed to resolve address", NameNotFound),
        ("failed to connect to", NotConnected),
        ("proxy authentication required", ProxyRefused),
        ("proxy requires authentication", ProxyRefused),
        ("proxy returned unexpected status: 407", ProxyRefused),
        ("proxy returned unexpected status", NotConnected),
        ("unexpected authentication failure", CredentialsRefused),
        ("requires authentication that we do not support", CredentialsMissing),
        ("authentication required", CredentialsMissing),
        ("authentication replays", Redirected),
        ("redirect", Redirected),
        ("no content-type header", NotGit),
        ("object format", ObjectFormat),
        ("unsupported url protocol", UnknownScheme),
        ("unknown http scheme", UnknownScheme),
        ("malformed url", UnknownScheme),
        // What libgit2 says of a scheme for which it knows no port.
        ("invalid argument: 'port'", UnknownScheme),
        ("wrong version number", NotTls),
        ("packet length too long", NotTls),
        ("ssl error: x509", CertificateUntrusted),
        ("certificate is invalid", CertificateUntrusted),
        ("certificate verify failed", CertificateUntrusted),
        ("did not provide a certificate", CertificateUntrusted),
        ("ssl error", ConnectionLost),
        ("timed out", ConnectionLost),
        ("unexpected eof", ConnectionLost),
        ("unexpectedly large parse", ConnectionLost),
        ("early eof", ConnectionLost),
        ("socket", ConnectionLost),
        ("error reading from", ConnectionLost),
        ("could not read from remote repository", ConnectionLost),
        ("could not read refs", ConnectionLost),
        ("too many requests", TooManyRequests),
        ("rate limit", TooManyRequests),
        ("not found", NotFound),
        ("could not be found", NotFound),
        ("does not exist", NotFound),
        ("no such", NotFound),
        ("not appear to be a git repository", NotFound),
        ("access denied", Forbidden),
        ("not allowed", Forbidden),
        ("forbidden", Forbidden),
        ("permission denied", Forbidden),
        ("invalid packet line", NotGit),
        ("invalid hex digit", NotGit),
        ("bad packet length", NotGit),
        ("invalid response", NotGit),
        ("http parser error", NotGit),
        ("pkt", NotGit),
    ];
    const SSH_ROWS: &[(&str, RemoteFault)] = &[
        ("ssh agent", NoSshAgent),
        ("identities from agent", NoSshAgent),
        ("to agent", NoSshAgent),
        ("private key", SshKeyUnusable),
        ("public key from", SshKeyUnusable),
        ("passphrase", SshKeyUnusable),
        ("authenticat", CredentialsRefused),
        ("banner", NotGit),
        ("failed getting response", ConnectionLost),
        ("session", ConnectionLost),
    ];
    let of = |rows: &[(&str, RemoteFault)]| {
        rows.iter().find(|(text, _)| message.contains(text)).map(|(_, fault)| *fault)
    };
    (class == ErrorClass::Ssh).then(|| of(SSH_ROWS)).flatten().or_else(|| of(ROWS))
}

fn of_status(status: &str) -> RemoteFault {
    match status.trim().parse::<u16>() {
        Ok(401) => RemoteFault::CredentialsRefused,
        Ok(403 | 451) => RemoteFault::Forbidden,
        Ok(404 | 410) => RemoteFault::NotFound,
        Ok(407) => RemoteFault::ProxyRefused,
        Ok(429) => RemoteFault::TooManyRequests,
        Ok(500..=599) => RemoteFault::HostFailing,
        Ok(300..=399) => RemoteFault::Redirected,
        _ => RemoteFault::NotGit,
    }
}

fn of_content_type(kind: &str) -> RemoteFault {
    if kind.starts_with("text/html") || kind.starts_with("application/xhtml") {
        RemoteFault::WebPage
    } else if kind.starts_with("text/plain") || kind.starts_with("application/octet-stream") {
        RemoteFault::PlainFiles
    } else {
        RemoteFault::NotGit
    }
}

/// What an error about a repository on this machine means.
pub(super) fn local_fault(error: &Error) -> LocalFault {
    let message = error.message().to_ascii_lowercase();
    let has = |texts: &[&str]| texts.iter().any(|text| message.contains(text));
    if error.code() == ErrorCode::Owner {
        LocalFault::ForeignOwner
    } else if has(&["unsupported repository version", "unsupported extension", "object format"]) {
        LocalFault::Format
    } else if has(&["no space left", "disk quota"]) {
        LocalFault::DiskFull
    } else if error.code() == ErrorCode::Locked || has(&[".lock'", "failed to lock"]) {
        LocalFault::Locked
    } else if has(&["permission denied", "operation not permitted"]) {
        LocalFault::NoAccess
    } else if error.class() == ErrorClass::Config {
        LocalFault::Configuration
    } else if error.code() == ErrorCode::NotFound || has(&["object not found"]) {
        LocalFault::ObjectMissing
    } else {
        LocalFault::Unknown
    }
}

#[cfg(test)]
mod tests;
