//! Work that the caller does not wait for.

use crate::Context;
use std::future::Future;

impl Context {
    /// Lets work go on after the answer was given: signals and write-behind, which may neither delay an answer
    /// nor fail it. The work may be lost with the process; what must not be lost belongs before the answer.
    pub fn after_answer(&self, work: impl Future<Output = ()> + Send + 'static) {
        #[cfg(target_arch = "wasm32")]
        spin_sdk::wit_bindgen::spawn(work);
        #[cfg(not(target_arch = "wasm32"))]
        drop(tokio::spawn(work));
    }
}
