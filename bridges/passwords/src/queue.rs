//! A bounded queue, some of whose takers step in for the others only when these are stuck.

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
    /// When the last one was taken by a taker that does not wait.
    taken: Instant,
    closed: bool,
}

/// No more fit in.
#[derive(Debug)]
pub(crate) struct Full;

impl<J> Queue<J> {
    pub fn new(capacity: usize) -> Self {
        let waiting = VecDeque::with_capacity(capacity);
        let jobs = Mutex::new(Jobs { waiting, taken: Instant::now(), closed: false });
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

    /// The oldest job, once it has waited for `patience` and those without patience have taken nothing for as long.
    /// None when the queue is closed and empty.
    pub fn take(&self, patience: Duration) -> Option<J> {
        let mut jobs = self.lock();
        loop {
            let left = match jobs.waiting.front() {
                None if jobs.closed => return None,
                None => None,
                Some((since, _)) => Some(patience.saturating_sub(jobs.taken.max(*since).elapsed())),
            };
            jobs = match left {
                Some(Duration::ZERO) => {
                    if patience.is_zero() {
                        jobs.taken = Instant::now();
                    }
                    return jobs.waiting.pop_front().map(|(_, job)| job);
                }
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
    fn the_patient_step_in_when_nobody_else_takes_anything() {
        const PATIENCE: Duration = Duration::from_millis(50);
        let (queue, begun) = (Queue::new(2), Instant::now());
        std::thread::scope(|scope| {
            queue.put(1).unwrap();
            queue.put(2).unwrap();
            std::thread::sleep(PATIENCE / 2);
            assert_eq!(queue.take(Duration::ZERO), Some(1));
            let taken = begun.elapsed();
            let stepped_in = scope.spawn(|| (queue.take(PATIENCE), begun.elapsed()));
            let (job, after) = stepped_in.join().unwrap();
            assert_eq!(job, Some(2));
            assert!(after >= taken + PATIENCE, "{after:?}");
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
