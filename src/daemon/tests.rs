//! The daemon's parts together, in one process: what a restart continues with, and many environments at once.

mod crowd;
mod restart;
