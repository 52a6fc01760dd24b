//! Reads spin.toml: components, routes, variables, grants and pins.
