//! Where declarations come from.
