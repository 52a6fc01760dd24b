//! Threads of their own for hashing, behind a bounded queue. Neither an event loop nor a runtime's
//! blocking pool ever waits for a hash.

use crate::config::{InvalidConfig, PasswordsConfig};
use crate::error::PasswordError;
use crate::hashing::{Hasher, MAX_PASSWORD_BYTES};
use crate::priority::{self, Priority};
use crate::queue::Queue;
use mcsp_bridge_api::passwords::Verdict;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use zeroize::Zeroizing;

/// On a machine that is never idle nobody could sign in. When the threads of the idle class get nothing done for so long,
/// ten times a hash, what waits gets a share of the cores.
const STUCK: Duration = Duration::from_millis(250);

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
    queue: Arc<Queue<Job>>,
    deadline: Duration,
}

#[derive(Debug)]
enum Job {
    Hash { password: Zeroizing<String>, answer: Answer<String> },
    Verify { password: Zeroizing<String>, phc: Option<String>, answer: Answer<Verdict> },
}

type Answer<T> = oneshot::Sender<Result<T, PasswordError>>;

impl HashingPool {
    /// Starts the threads, and one more for when they are stuck.
    pub fn start(config: &PasswordsConfig) -> Result<Self, StartError> {
        let hasher = Hasher::new(config.parameters()?);
        // Dropped where a thread does not start, so that the others end.
        let pool = HashingPool {
            queue: Arc::new(Queue::new(config.max_queued_calls())),
            deadline: config.deadline(),
        };
        for number in 0..config.threads().get() {
            pool.spawn(format!("passwords-{number}"), &hasher, Duration::ZERO, Priority::Idle)?;
        }
        pool.spawn("passwords-late".to_owned(), &hasher, STUCK, Priority::Low)?;
        Ok(pool)
    }

    /// A thread that does what others have left for `patience`.
    fn spawn(
        &self,
        name: String,
        hasher: &Hasher,
        patience: Duration,
        priority: Priority,
    ) -> Result<(), StartError> {
        let (hasher, queue) = (hasher.clone(), Arc::clone(&self.queue));
        let work = move || {
            priority::set(priority);
            while let Some(job) = queue.take(patience) {
                perform(&hasher, job);
            }
        };
        std::thread::Builder::new().name(name).spawn(work).map(drop).map_err(StartError::Thread)
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
        self.queue.put(job(answer)).map_err(|_full| PasswordError::QueueFull)?;
        answered.await.unwrap_or(Err(PasswordError::Unavailable))
    }
}

impl Drop for HashingPool {
    fn drop(&mut self) {
        self.queue.close();
    }
}

fn bounded(password: Zeroizing<String>) -> Result<Zeroizing<String>, PasswordError> {
    if password.len() > MAX_PASSWORD_BYTES { Err(PasswordError::PasswordTooLong) } else { Ok(password) }
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
