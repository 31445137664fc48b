//! How large a folder of declarations may be.

/// The largest file that is read: 1 MiB. The largest real one, a calendar of many years, has some 100 kB.
pub const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// The most files that are read: a hundred environments with nine files each leave room.
pub const FILES_MAX: usize = 1_000;

/// The most bytes that are read in all: 64 MiB, a bound on memory rather than on people.
pub const TREE_BYTES_MAX: u64 = 64 * FILE_BYTES_MAX;
