//! Who is told what is being done while a stack starts.

use std::time::Duration;

/// Told of each step of a start, for example to print a line.
pub trait Progress: Send + Sync {
    /// A step is done.
    fn done(&self, step: &str, took: Duration);
}

/// Tells nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn done(&self, _step: &str, _took: Duration) {}
}

/// A line for each step on standard error, with the seconds it took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lines;

impl Progress for Lines {
    fn done(&self, step: &str, took: Duration) {
        eprintln!("{:>6.1} s  {step}", took.as_secs_f64());
    }
}
