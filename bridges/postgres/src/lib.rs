//! The Postgres capability: single-round-trip queries and transactions with events.
