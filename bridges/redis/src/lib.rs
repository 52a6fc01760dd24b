//! The Redis capability: pipelines and scripts in one round trip.
