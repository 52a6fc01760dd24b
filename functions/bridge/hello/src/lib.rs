//! A function without a store.
