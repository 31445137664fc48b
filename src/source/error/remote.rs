//! What a remote answered, in words: one table from the answer to what it means and what to do.
//!
//! The reader at night sees one line of it. So the line says what the answer *is* ("a web page, not git") before it
//! repeats what git said, and only an answer of the network sends anyone to look at the network.

/// What the answer of a remote means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemoteFault {
    /// The host's name has no address.
    NameNotFound,
    /// No connection to the host: refused, filtered or away.
    NotConnected,
    /// The connection broke or fell silent in the middle of an answer.
    ConnectionLost,
    /// TLS could not be set up: usually no TLS server at that port.
    NotTls,
    /// The authority of a certificate is unknown, or the certificate is not valid now.
    CertificateUntrusted,
    /// A certificate for another host.
    CertificateOfAnotherHost,
    /// No known host key for this ssh host.
    HostKeyUnknown,
    /// Another host key than the one in the known hosts.
    HostKeyChanged,
    /// The remote asks for credentials, and tidegate has none for it.
    CredentialsMissing,
    /// The remote refused the credentials.
    CredentialsRefused,
    /// ssh without a key file, and no agent answers.
    NoSshAgent,
    /// The ssh key file is not one that tidegate can use.
    SshKeyUnusable,
    /// The host knows who asks, and does not allow it (HTTP 403).
    Forbidden,
    /// The repository does not exist, or the credentials may not read it (HTTP 404 and 410).
    NotFound,
    /// A proxy between here and the host asks for credentials (HTTP 407).
    ProxyRefused,
    /// The host asks for fewer requests (HTTP 429).
    TooManyRequests,
    /// The host itself has a failure (HTTP 5xx).
    HostFailing,
    /// The host sends tidegate elsewhere, in a way that git does not follow.
    Redirected,
    /// A page for people, often one to sign in.
    WebPage,
    /// An HTTP server that has the files of a repository and does not speak git's protocol.
    PlainFiles,
    /// An answer that is not git's protocol.
    NotGit,
    /// A repository with an object format that libgit2 does not read.
    ObjectFormat,
    /// A scheme for which there is no transport.
    UnknownScheme,
    /// An answer that this table does not know.
    Unknown,
}

impl RemoteFault {
    /// Every fault.
    pub const ALL: &[RemoteFault] = {
        use RemoteFault::*;
        &[
            NameNotFound,
            NotConnected,
            ConnectionLost,
            NotTls,
            CertificateUntrusted,
            CertificateOfAnotherHost,
            HostKeyUnknown,
            HostKeyChanged,
            CredentialsMissing,
            CredentialsRefused,
            NoSshAgent,
            SshKeyUnusable,
            Forbidden,
            NotFound,
            ProxyRefused,
            TooManyRequests,
            HostFailing,
            Redirected,
            WebPage,
            PlainFiles,
            NotGit,
            ObjectFormat,
            UnknownScheme,
            Unknown,
        ]
    };

    /// What the answer is, as a clause after the colon.
    pub fn meaning(self) -> &'static str {
        use RemoteFault::*;
        match self {
            NameNotFound => "the name of the host has no address",
            NotConnected => "the host accepts no connection",
            ConnectionLost => "the connection broke or fell silent before the answer was complete",
            NotTls => "the server does not speak TLS at that port",
            CertificateUntrusted => {
                "the certificate of the host is not trusted: its authority is unknown here, or it is not valid now"
            }
            CertificateOfAnotherHost => "the certificate belongs to another host",
            HostKeyUnknown => "the ssh host key is not in the known hosts",
            HostKeyChanged => {
                "the ssh host key differs from the one in the known hosts: the host has a new key, or someone \
                 stands between this machine and the host"
            }
            CredentialsMissing => "the remote asks for credentials, and tidegate has none for it",
            CredentialsRefused => "the remote refused the credentials",
            NoSshAgent => "no `git.ssh_key` is set and no ssh agent answers",
            SshKeyUnusable => "the ssh key cannot be used: it has a passphrase, or is not a private key",
            Forbidden => {
                "the host does not allow it (403): it knows the credentials, and they may not read this repository"
            }
            NotFound => "the host has no such repository, or hides it from these credentials",
            ProxyRefused => "the proxy on the way to the host asks for credentials (407)",
            TooManyRequests => "the host asks for fewer requests (429)",
            HostFailing => "the host has a failure of its own",
            Redirected => "the host redirects the request to another address",
            WebPage => "the host answers with a web page instead of git's protocol: often a page to sign in",
            PlainFiles => {
                "the server offers plain files (git's \"dumb\" HTTP protocol), which tidegate does not read"
            }
            NotGit => "the answer is not git's protocol",
            ObjectFormat => "the repository uses an object format (SHA-256) that tidegate does not read",
            UnknownScheme => "tidegate has no transport for this kind of URL",
            Unknown => "git could not finish the request",
        }
    }

    /// What to do about it.
    pub fn hint(self) -> &'static str {
        use RemoteFault::*;
        match self {
            NameNotFound => "check the spelling of the host, and this machine's DNS; the next poll retries",
            NotConnected => "check the port, the firewall and whether the host is up; the next poll retries",
            ConnectionLost => "check the network between here and the host; the next poll retries",
            NotTls => "use `http://` or the right port; a proxy that intercepts TLS gives the same answer",
            CertificateUntrusted => {
                "install the certificate of the authority in this machine's store (Debian: \
                 `update-ca-certificates`), or renew the host's certificate; check this machine's clock"
            }
            CertificateOfAnotherHost => {
                "use the name that the certificate has; a captive portal gives the same answer"
            }
            HostKeyUnknown => {
                "get the key with `ssh-keyscan HOST`, compare its fingerprint with the one that the host publishes, \
                 and add the line to ~/.ssh/known_hosts of the user that runs tidegate"
            }
            HostKeyChanged => {
                "do not accept it unseen: compare the fingerprint above with the one that the host publishes; only if \
                 they are equal, run `ssh-keygen -R HOST` as the user that runs tidegate and add the new key"
            }
            CredentialsMissing => {
                "for ssh, set `git.ssh_key` or start an ssh agent; for https, set `git.token_file` or `git.token_env`; \
                 tidegate sends no token over plain http"
            }
            CredentialsRefused => {
                "check that the token in `git.token_file` or `git.token_env` has not expired, or that the public part of \
                 `git.ssh_key` is a deploy key of this repository"
            }
            NoSshAgent => "set `git.ssh_key` to a private key without a passphrase, or start an ssh agent",
            SshKeyUnusable => {
                "give a private key without a passphrase in `git.ssh_key` (`ssh-keygen -y -P '' -f FILE` prints its \
                 public part)"
            }
            Forbidden => {
                "give the token read access to the contents of this repository (on GitHub also: authorise it for the \
                 organisation's single sign-on, and allow this address); some hosts answer 403 to too many requests, too"
            }
            NotFound => {
                "check the URL; hosts answer the same if the credentials may not read the repository: give them access"
            }
            ProxyRefused => {
                "put the credentials of the proxy into `https_proxy`, or go around it with `no_proxy`"
            }
            TooManyRequests => "poll less often (`poll` in the configuration); the next poll retries",
            HostFailing => "look at the status page of the host; the next poll retries",
            Redirected => {
                "use the address that it redirects to, or the credentials without which it asks people to sign in"
            }
            WebPage => {
                "use the URL for cloning, not that of the web page; if it is, the host wants credentials: set \
                 `git.token_file` or `git.token_env`"
            }
            PlainFiles => "serve the repository with `git http-backend`, or use ssh",
            NotGit => "check the URL: another service answers there",
            ObjectFormat => {
                "mirror the repository into one that was made with `git init --object-format=sha1`"
            }
            UnknownScheme => "use an `https://`, `ssh://` or `file://` URL, or `user@host:path`",
            Unknown => "check the URL and the host; the next poll retries",
        }
    }

    /// Whether it may pass without a person.
    pub fn may_pass(self) -> bool {
        use RemoteFault::*;
        matches!(self, NameNotFound | NotConnected | ConnectionLost | TooManyRequests | HostFailing | Unknown)
    }
}
