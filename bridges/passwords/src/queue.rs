//! A bounded queue whose takers may leave what is new to others.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

#[derive(Debug)]
pub(crate) struct Queue<J> {
    jobs: Mutex<Jobs<J>>,
    changed: Condvar,
    capacity: usize,
}

#[derive(Debug)]
struct Jobs<J> {
    /// With the time since which each waits; the oldest first.
    waiting: VecDeque<(Instant, J)>,
    closed: bool,
}

/// No more fit in.
#[derive(Debug)]
pub(crate) struct Full;

impl<J> Queue<J> {
    pub fn new(capacity: usize) -> Self {
        let jobs = Mutex::new(Jobs { waiting: VecDeque::with_capacity(capacity), closed: false });
        Queue { jobs, changed: Condvar::new(), capacity }
    }

    pub fn put(&self, job: J) -> Result<(), Full> {
        let mut jobs = self.lock();
        if jobs.waiting.len() >= self.capacity {
            return Err(Full);
        }
        jobs.waiting.push_back((Instant::now(), job));
        drop(jobs);
        // The one that wakes could be one that leaves it to others.
        self.changed.notify_all();
        Ok(())
    }

    /// The oldest job, once it has waited for `age`. None when the queue is closed and empty.
    pub fn take(&self, age: Duration) -> Option<J> {
        let mut jobs = self.lock();
        loop {
            let left = match jobs.waiting.front() {
                None if jobs.closed => return None,
                None => None,
                Some((since, _)) => Some(age.saturating_sub(since.elapsed())),
            };
            jobs = match left {
                Some(Duration::ZERO) => return jobs.waiting.pop_front().map(|(_, job)| job),
                Some(left) => self.changed.wait_timeout(jobs, left).unwrap_or_else(PoisonError::into_inner).0,
                None => self.changed.wait(jobs).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// No more is put in: takers end when it is empty.
    pub fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Jobs<J>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_in_first_is_taken_first_and_more_than_fits_is_not_taken_in() {
        let queue = Queue::new(2);
        assert!(queue.put(1).is_ok() && queue.put(2).is_ok() && queue.put(3).is_err());
        assert_eq!([queue.take(Duration::ZERO), queue.take(Duration::ZERO)], [Some(1), Some(2)]);
        queue.close();
        assert_eq!(queue.take(Duration::ZERO), None);
    }

    #[test]
    fn whoever_takes_the_old_waits_until_something_is() {
        const AGE: Duration = Duration::from_millis(50);
        let (queue, begun) = (Queue::new(1), Instant::now());
        std::thread::scope(|scope| {
            let taken = scope.spawn(|| (queue.take(AGE), begun.elapsed()));
            queue.put(1).unwrap();
            let (job, after) = taken.join().unwrap();
            assert_eq!(job, Some(1));
            assert!(after >= AGE, "{after:?}");
        });
    }

    #[test]
    fn what_waits_when_the_queue_is_closed_is_still_done() {
        let queue = Queue::new(1);
        queue.put(1).unwrap();
        queue.close();
        assert_eq!([queue.take(Duration::ZERO), queue.take(Duration::ZERO)], [Some(1), None]);
    }
}
