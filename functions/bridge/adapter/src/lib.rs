//! The bridge for stock Spin.
