//! Reads reality into one value.
