//! The declarations: YAML in, a spec that is valid by construction out, every problem with its place.
