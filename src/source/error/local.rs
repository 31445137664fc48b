//! What git said about a repository on this machine, in words: one table from the answer to what it means.

/// What an error of git about a local repository means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LocalFault {
    /// The folder belongs to another user, and git refuses it.
    ForeignOwner,
    /// A repository of a newer format: SHA-256 objects, reftable, or another extension that libgit2 does not read.
    Format,
    /// The repository misses objects: a partial or shallow clone, or damage.
    ObjectMissing,
    /// This user may not read or write it.
    NoAccess,
    /// The disk is full.
    DiskFull,
    /// Another process holds a lock file of git's.
    Locked,
    /// A configuration of git that cannot be read.
    Configuration,
    /// Damage, or an answer that this table does not know.
    Unknown,
}

impl LocalFault {
    /// Every fault.
    pub const ALL: &[LocalFault] = {
        use LocalFault::*;
        &[ForeignOwner, Format, ObjectMissing, NoAccess, DiskFull, Locked, Configuration, Unknown]
    };

    /// What the answer is, as a clause after the colon; nothing for what the table does not know.
    pub fn meaning(self) -> Option<&'static str> {
        Some(match self {
            LocalFault::ForeignOwner => "the repository belongs to another user",
            LocalFault::Format => "the repository has a format that tidegate does not read",
            LocalFault::ObjectMissing => "objects of the commit are missing",
            LocalFault::NoAccess => "this user may not read it",
            LocalFault::DiskFull => "the disk is full",
            LocalFault::Locked => "another git process holds a lock there, or a crash left one",
            LocalFault::Configuration => "a configuration file of git cannot be read",
            LocalFault::Unknown => return None,
        })
    }

    /// What to do about it.
    pub fn hint(self) -> &'static str {
        match self {
            LocalFault::ForeignOwner => {
                "allow it for the user that runs tidegate: `git config --global --add safe.directory PATH`"
            }
            LocalFault::Format => {
                "give a clone with SHA-1 objects and the `files` reference format: \
                 `git clone --bare --ref-format=files URL PATH`"
            }
            LocalFault::ObjectMissing => {
                "fetch them: `git -C PATH fetch --unshallow`, or for a partial clone `git -C PATH fetch --refetch \
                 --no-filter`; `git -C PATH fsck` names what is damaged"
            }
            LocalFault::NoAccess => "give the user that runs tidegate read access to the repository",
            LocalFault::DiskFull => "free space on the disk; the next poll retries",
            LocalFault::Locked => {
                "let the other process finish; if there is none, delete the lock file that the message names"
            }
            LocalFault::Configuration => {
                "correct the file that the message names; `git config --list --show-origin` shows it"
            }
            LocalFault::Unknown => "check the repository with `git fsck`, and that the disk has free space",
        }
    }
}
