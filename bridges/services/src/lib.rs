//! The services capability: HTTP calls to services and third parties.
