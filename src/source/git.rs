//! Git: the only part of the program that uses it.
//!
//! There are two sources: [`LocalRepoSource`] opens a repository in place and reads its commits; [`GitSource`] keeps a
//! clone of a remote. Both read the objects of one commit, never a work tree.

mod answer;
mod auth;
mod checkout;
mod clone;
mod connection;
mod deadline;
mod history;
mod host_key;
mod libgit2;
mod local;
mod remote;
mod resolve;

pub use auth::{Credentials, Token};
pub use connection::Transfers;
pub use local::LocalRepoSource;
pub use remote::GitSource;
