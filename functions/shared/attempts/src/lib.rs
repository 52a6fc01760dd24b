//! How often something may be tried, counted in Redis: whoever tries too often waits longer and longer.
//!
//! An attempt counts when it begins, so that parallel ones do not slip through, and may be taken back when it
//! turns out not to be what is limited. Attempts are forgotten with time; beyond the free ones each doubles
//! the wait for the next, which in the long run makes an attempt cost as long as forgetting it takes.

mod attempt;
mod policy;

pub use attempt::{Attempt, Refused, TOO_MANY_ATTEMPTS, Told, TooMany, attempt};
pub use policy::{Limit, Policy};
