//! A client for tests: it speaks to a running platform as any user would.

mod account;
mod answer;
mod platform;
mod wait;

pub use account::Account;
pub use answer::Answer;
pub use platform::Platform;
pub use wait::eventually;
