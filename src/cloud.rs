//! Ports to the cloud, and their adapters.
