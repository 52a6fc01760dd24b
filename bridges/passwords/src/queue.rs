//! A bounded queue, some of whose takers step in for the others only when these are stuck: they take what waits too long, and do
//! again what is under way for too long.

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
    /// What takers that do not wait have taken and not done; the oldest first.
    under_way: Vec<UnderWay<J>>,
    /// When the last one was taken by a taker that does not wait.
    taken: Instant,
    taken_in_all: u64,
    closed: bool,
}

#[derive(Debug)]
struct UnderWay<J> {
    number: u64,
    since: Instant,
    /// None where another taker does it again.
    job: Option<J>,
}

/// A job that was taken: say when it is done.
#[derive(Debug)]
pub(crate) struct Taken<J> {
    pub job: J,
    /// None where it is done again.
    number: Option<u64>,
}

/// No more fit in.
#[derive(Debug)]
pub(crate) struct Full;

impl<J: Clone> Queue<J> {
    pub fn new(capacity: usize) -> Self {
        let waiting = VecDeque::with_capacity(capacity);
        let jobs =
            Jobs { waiting, under_way: Vec::new(), taken: Instant::now(), taken_in_all: 0, closed: false };
        Queue { jobs: Mutex::new(jobs), changed: Condvar::new(), capacity }
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

    /// The oldest job, once it has waited for `patience` and those without patience have taken nothing for as long; or, with
    /// patience, one that they have had for as long. None when the queue is closed and empty.
    pub fn take(&self, patience: Duration) -> Option<Taken<J>> {
        let mut jobs = self.lock();
        loop {
            let waiting = jobs.waiting.front().map(|(since, _)| jobs.taken.max(*since));
            let left = waiting.map(|since| patience.saturating_sub(since.elapsed()));
            if left == Some(Duration::ZERO) {
                return jobs.take_waiting(patience);
            }
            let stuck = if patience.is_zero() { None } else { jobs.longest_under_way() };
            let stuck_left = stuck.map(|since| patience.saturating_sub(since.elapsed()));
            if stuck_left == Some(Duration::ZERO) {
                return jobs.take_again();
            }
            if left.is_none() && jobs.closed {
                return None;
            }
            jobs = match left.into_iter().chain(stuck_left).min() {
                Some(left) => self.changed.wait_timeout(jobs, left).unwrap_or_else(PoisonError::into_inner).0,
                None => self.changed.wait(jobs).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// It is done: nobody needs to step in any more.
    pub fn done(&self, number: Option<u64>) {
        if number.is_some() {
            self.lock().under_way.retain(|other| Some(other.number) != number);
        }
    }

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.lock().waiting.is_empty()
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

impl<J: Clone> Jobs<J> {
    fn take_waiting(&mut self, patience: Duration) -> Option<Taken<J>> {
        let (_, job) = self.waiting.pop_front()?;
        if !patience.is_zero() {
            return Some(Taken { job, number: None });
        }
        self.taken = Instant::now();
        self.taken_in_all += 1;
        let number = self.taken_in_all;
        self.under_way.push(UnderWay { number, since: self.taken, job: Some(job.clone()) });
        Some(Taken { job, number: Some(number) })
    }

    /// Since when the one is under way that is so for longest, of those that nobody does again.
    fn longest_under_way(&self) -> Option<Instant> {
        self.under_way.iter().find(|other| other.job.is_some()).map(|other| other.since)
    }

    fn take_again(&mut self) -> Option<Taken<J>> {
        let job = self.under_way.iter_mut().find_map(|other| other.job.take())?;
        Some(Taken { job, number: None })
    }
}

impl<J> Taken<J> {
    /// What to say that is done.
    pub fn number(&self) -> Option<u64> {
        self.number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_millis(50);

    fn job_of<J>(taken: Option<Taken<J>>) -> Option<J> {
        taken.map(|taken| taken.job)
    }

    #[test]
    fn what_is_put_in_first_is_taken_first_and_more_than_fits_is_not_taken_in() {
        let queue = Queue::new(2);
        assert!(queue.put(1).is_ok() && queue.put(2).is_ok() && queue.put(3).is_err());
        assert_eq!([(); 2].map(|()| job_of(queue.take(Duration::ZERO))), [Some(1), Some(2)]);
        queue.close();
        assert_eq!(job_of(queue.take(Duration::ZERO)), None);
    }

    #[test]
    fn the_patient_step_in_when_nobody_else_takes_anything() {
        let (queue, begun) = (Queue::new(2), Instant::now());
        std::thread::scope(|scope| {
            queue.put(1).unwrap();
            queue.put(2).unwrap();
            std::thread::sleep(PATIENCE / 2);
            let first = queue.take(Duration::ZERO).unwrap();
            assert_eq!(first.job, 1);
            queue.done(first.number());
            let taken = begun.elapsed();
            let stepped_in = scope.spawn(|| (job_of(queue.take(PATIENCE)), begun.elapsed()));
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
        assert_eq!([(); 2].map(|()| job_of(queue.take(Duration::ZERO))), [Some(1), None]);
    }

    #[test]
    fn the_patient_do_again_what_is_stuck_under_way_and_only_once() {
        let (queue, begun) = (Queue::new(2), Instant::now());
        queue.put(1).unwrap();
        let stuck = queue.take(Duration::ZERO).unwrap();
        let again = queue.take(PATIENCE).unwrap();
        assert_eq!((again.job, again.number()), (1, None));
        assert!(begun.elapsed() >= PATIENCE);
        queue.put(2).unwrap();
        // Not the first once more.
        assert_eq!(job_of(queue.take(PATIENCE)), Some(2));
        queue.done(stuck.number());
        queue.close();
        assert_eq!(job_of(queue.take(PATIENCE)), None);
    }

    #[test]
    fn what_is_done_in_time_is_not_done_again() {
        let queue = Queue::new(1);
        queue.put(1).unwrap();
        let taken = queue.take(Duration::ZERO).unwrap();
        queue.done(taken.number());
        queue.close();
        assert_eq!(job_of(queue.take(PATIENCE)), None);
    }
}
