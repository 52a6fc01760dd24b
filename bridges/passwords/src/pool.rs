//! Threads of their own for hashing, behind a bounded queue. Neither an event loop nor a runtime's
//! blocking pool ever waits for a hash.

use crate::config::{InvalidConfig, PasswordsConfig};
use crate::error::PasswordError;
use crate::hashing::{Hasher, MAX_PASSWORD_BYTES};
use mcsp_bridge_api::passwords::Verdict;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;
use zeroize::Zeroizing;

/// Event loops share the cores with these threads and answer in microseconds what takes these tens of
/// milliseconds, so they come first.
const NICENESS: i32 = 10;

/// Why the pool did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration.
    #[error(transparent)]
    InvalidConfig(#[from] InvalidConfig),
    /// The operating system gave no thread.
    #[error("cannot start a hashing thread")]
    Thread(#[source] std::io::Error),
}

/// The process's hashing threads. They end when the pool is dropped and the queue is empty.
#[derive(Debug)]
pub struct HashingPool {
    jobs: SyncSender<Job>,
    deadline: Duration,
}

#[derive(Debug)]
enum Job {
    Hash { password: Zeroizing<String>, answer: Answer<String> },
    Verify { password: Zeroizing<String>, phc: Option<String>, answer: Answer<Verdict> },
}

type Answer<T> = oneshot::Sender<Result<T, PasswordError>>;

impl HashingPool {
    /// Starts the threads.
    pub fn start(config: &PasswordsConfig) -> Result<Self, StartError> {
        let hasher = Hasher::new(config.parameters()?);
        let (jobs, queue) = sync_channel(config.max_queued_calls());
        let queue = Arc::new(Mutex::new(queue));
        for number in 0..config.threads().get() {
            let (hasher, queue) = (hasher.clone(), queue.clone());
            std::thread::Builder::new()
                .name(format!("passwords-{number}"))
                .spawn(move || work(&hasher, &queue))
                .map_err(StartError::Thread)?;
        }
        Ok(HashingPool { jobs, deadline: config.deadline() })
    }

    pub(crate) fn deadline(&self) -> Duration {
        self.deadline
    }

    pub(crate) async fn hash(&self, password: Zeroizing<String>) -> Result<String, PasswordError> {
        let password = bounded(password)?;
        self.run(|answer| Job::Hash { password, answer }).await
    }

    pub(crate) async fn verify(
        &self,
        password: Zeroizing<String>,
        phc: Option<String>,
    ) -> Result<Verdict, PasswordError> {
        let password = bounded(password)?;
        self.run(|answer| Job::Verify { password, phc, answer }).await
    }

    async fn run<T>(&self, job: impl FnOnce(Answer<T>) -> Job) -> Result<T, PasswordError> {
        let (answer, answered) = oneshot::channel();
        self.jobs.try_send(job(answer)).map_err(|error| match error {
            TrySendError::Full(_) => PasswordError::QueueFull,
            TrySendError::Disconnected(_) => PasswordError::Unavailable,
        })?;
        answered.await.unwrap_or(Err(PasswordError::Unavailable))
    }
}

fn bounded(password: Zeroizing<String>) -> Result<Zeroizing<String>, PasswordError> {
    if password.len() > MAX_PASSWORD_BYTES { Err(PasswordError::PasswordTooLong) } else { Ok(password) }
}

/// Hashes until the pool is dropped.
fn work(hasher: &Hasher, queue: &Mutex<Receiver<Job>>) {
    // On Linux this is the priority of the calling thread alone.
    if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
        tracing::debug!(%error, "hashing thread keeps its priority");
    }
    loop {
        // Idle threads wait for the lock; the one that holds it waits for a job.
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match job {
            Ok(job) => perform(hasher, job),
            Err(_pool_dropped) => return,
        }
    }
}

/// Does the work, unless its caller has gone: then the answer would be for nobody.
fn perform(hasher: &Hasher, job: Job) {
    match job {
        Job::Hash { answer, .. } if answer.is_closed() => {}
        Job::Verify { answer, .. } if answer.is_closed() => {}
        Job::Hash { password, answer } => {
            answer.send(hasher.hash(&password)).ok();
        }
        Job::Verify { password, phc, answer } => {
            answer.send(hasher.verify(&password, phc.as_deref())).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn what_nobody_waits_for_is_not_hashed() {
        let hasher = Hasher::new(PasswordsConfig::default().parameters().unwrap());
        let begun = Instant::now();
        hasher.hash("correct horse").unwrap();
        let one_hash = begun.elapsed();
        let begun = Instant::now();
        for _ in 0..1_000 {
            let (answer, gone) = oneshot::channel();
            drop(gone);
            perform(&hasher, Job::Hash { password: Zeroizing::new("correct horse".into()), answer });
        }
        assert!(begun.elapsed() < 100 * one_hash);
    }
}
