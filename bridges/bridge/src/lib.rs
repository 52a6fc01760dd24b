//! The bridge: every capability for every component, and the sidecar.
