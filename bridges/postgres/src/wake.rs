//! How a commit tells the outbox relay of its service that there is something to publish.

use std::sync::Arc;
use tokio::sync::Notify;

/// A bell. Every clone rings the same one, from any thread; rings before anyone listens count as one.
#[derive(Clone, Debug, Default)]
pub struct OutboxWake(Arc<Notify>);

impl OutboxWake {
    /// Wakes the relay, or lets it look again at once if it is at work.
    pub fn ring(&self) {
        self.0.notify_one();
    }

    /// Waits for a ring.
    pub async fn rung(&self) {
        self.0.notified().await;
    }
}
