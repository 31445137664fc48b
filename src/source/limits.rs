//! How large a folder of declarations may be. What stands beyond a limit is a problem of the environments that use it.
//! And how many connections to a remote may hang.

/// The largest file that is read: 1 MiB. The largest real one, a calendar of many years, has some 100 kB.
pub const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// The most files that are read: two thousand environments with nine files each leave room.
pub const FILES_MAX: usize = 20_000;

/// The most bytes that are read in all: 64 MiB, a bound on memory rather than on people.
pub const TREE_BYTES_MAX: u64 = 64 * FILE_BYTES_MAX;

/// The most entries that are looked at in folders *below* the folder of environments, which may hold other things than
/// declarations. The folder of environments itself is always read to its end.
pub const ENTRIES_MAX: usize = 100_000;

/// The most connections to a remote that may hang at once: each holds a thread, a socket and some kilobytes.
pub(super) const HANGING_MAX: usize = 16;
