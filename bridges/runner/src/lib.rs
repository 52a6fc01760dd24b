//! The runner mcsp: serves every component of spin.toml in one process.
