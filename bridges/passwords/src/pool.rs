//! Threads of their own for hashing, behind a bounded queue. Neither an event loop nor a runtime's
//! blocking pool ever waits for a hash.

use crate::config::{InvalidConfig, PasswordsConfig};
use crate::error::PasswordError;
use crate::giving_way::GivingWay;
use crate::hashing::{Hasher, MAX_PASSWORD_BYTES, Memory};
use crate::priority::{self, Priority};
use crate::queue::Queue;
use mcsp_bridge_api::passwords::Verdict;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;
use zeroize::Zeroizing;

/// On a machine that is never idle nobody could sign in. When the threads of the idle class get nothing done for so long,
/// ten times a hash, what waits gets a share of the cores, and so does what they have under way.
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
    queue: Arc<Queue<Arc<Job>>>,
    deadline: Duration,
}

#[derive(Debug)]
enum Job {
    Hash { password: Zeroizing<String>, answer: Answer<String> },
    Verify { password: Zeroizing<String>, phc: Option<String>, answer: Answer<Verdict> },
}

/// Who waits for it, until somebody has answered.
#[derive(Debug)]
struct Answer<T>(Mutex<Option<oneshot::Sender<Result<T, PasswordError>>>>);

impl<T> Answer<T> {
    fn is_wanted(&self) -> bool {
        self.lock().as_ref().is_some_and(|waiting| !waiting.is_closed())
    }

    fn give(&self, result: Result<T, PasswordError>) {
        if let Some(waiting) = self.lock().take() {
            waiting.send(result).ok();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<oneshot::Sender<Result<T, PasswordError>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

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
            let giving_way = GivingWay::new()
                .inspect_err(|error| tracing::debug!(%error, "a hashing thread does not give way"))
                .ok();
            let mut memory = Memory::default();
            while let Some(taken) = queue.take(patience) {
                let mut work = || perform(&hasher, &taken.job, &mut memory);
                match &giving_way {
                    Some(giving_way) => giving_way.during(work),
                    None => work(),
                }
                queue.done(taken.number());
                if queue.is_empty() {
                    memory.release();
                }
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
        let job = job(Answer(Mutex::new(Some(answer))));
        self.queue.put(Arc::new(job)).map_err(|_full| PasswordError::QueueFull)?;
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

/// Does the work, unless its caller has gone or was answered by somebody else.
fn perform(hasher: &Hasher, job: &Job, memory: &mut Memory) {
    match job {
        Job::Hash { password, answer } if answer.is_wanted() => answer.give(hasher.hash(password, memory)),
        Job::Verify { password, phc, answer } if answer.is_wanted() => {
            answer.give(hasher.verify(password, phc.as_deref(), memory));
        }
        Job::Hash { .. } | Job::Verify { .. } => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn what_nobody_waits_for_is_not_hashed() {
        let hasher = Hasher::new(PasswordsConfig::default().parameters().unwrap());
        let memory = &mut Memory::default();
        let begun = Instant::now();
        hasher.hash("correct horse", memory).unwrap();
        let one_hash = begun.elapsed();
        let begun = Instant::now();
        for _ in 0..1_000 {
            let (answer, gone) = oneshot::channel();
            drop(gone);
            let password = Zeroizing::new("correct horse".into());
            let answer = Answer(Mutex::new(Some(answer)));
            perform(&hasher, &Job::Hash { password, answer }, memory);
        }
        assert!(begun.elapsed() < 100 * one_hash);
    }
}
