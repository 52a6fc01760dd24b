//! A thread that gives way while it hashes, tens of milliseconds without a pause.
//!
//! A thread of the idle class is put aside at once where another one wakes. But one that had to let another go first, and is not
//! yet due again, is passed over when that goes to sleep: the scheduler takes the idle thread, and looks again at the next tick,
//! which is 4 ms later on most machines. So a timer has the thread look itself, as Go's runtime has its goroutines, and by the
//! same signal, which nobody else uses.

use std::io;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::Once;
use std::time::Duration;

/// How long the others wait at most. Giving way takes some microseconds.
const EVERY: Duration = Duration::from_micros(250);

/// The timer of one thread.
pub(crate) struct GivingWay {
    timer: libc::timer_t,
}

impl GivingWay {
    /// For the calling thread.
    pub fn new() -> io::Result<Self> {
        handle_signal()?;
        // SAFETY: a sigevent is plain data, for which zeros are valid.
        let mut event: libc::sigevent = unsafe { MaybeUninit::zeroed().assume_init() };
        event.sigev_notify = libc::SIGEV_THREAD_ID;
        event.sigev_signo = libc::SIGURG;
        // SAFETY: it takes nothing, and always succeeds.
        event.sigev_notify_thread_id = unsafe { libc::gettid() };
        let mut timer: libc::timer_t = ptr::null_mut();
        // SAFETY: both places outlive the call.
        match unsafe { libc::timer_create(libc::CLOCK_MONOTONIC, &raw mut event, &raw mut timer) } {
            0 => Ok(GivingWay { timer }),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// Works, and gives way meanwhile.
    pub fn during<T>(&self, work: impl FnOnce() -> T) -> T {
        self.set(EVERY);
        let done = work();
        self.set(Duration::ZERO);
        done
    }

    /// Zero stops it.
    fn set(&self, every: Duration) {
        let nanoseconds = every.subsec_nanos().into();
        let every = libc::timespec { tv_sec: 0, tv_nsec: nanoseconds };
        let times = libc::itimerspec { it_interval: every, it_value: every };
        // SAFETY: the timer is there until it is dropped, and the times outlive the call. It can't fail with such times.
        unsafe { libc::timer_settime(self.timer, 0, &raw const times, ptr::null_mut()) };
    }
}

impl Drop for GivingWay {
    fn drop(&mut self) {
        // SAFETY: it was made, and is not used any more.
        unsafe { libc::timer_delete(self.timer) };
    }
}

/// Once for the process.
fn handle_signal() -> io::Result<()> {
    static HANDLED: Once = Once::new();
    let mut result = Ok(());
    HANDLED.call_once(|| {
        // SAFETY: a sigaction is plain data, for which zeros are valid.
        let mut action: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
        action.sa_sigaction = give_way as *const () as libc::sighandler_t;
        action.sa_flags = libc::SA_RESTART;
        // SAFETY: the handler makes one system call and touches nothing; the action outlives the call.
        if unsafe { libc::sigaction(libc::SIGURG, &raw const action, ptr::null_mut()) } != 0 {
            result = Err(io::Error::last_os_error());
        }
    });
    result
}

extern "C" fn give_way(_signal: libc::c_int) {
    #[cfg(test)]
    tests::GAVE_WAY.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    // SAFETY: it takes nothing, and always succeeds on Linux, so that errno stays what it was.
    unsafe { libc::sched_yield() };
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    pub(super) static GAVE_WAY: AtomicU32 = AtomicU32::new(0);

    fn is_set(giving_way: &GivingWay) -> bool {
        // SAFETY: itimerspec is plain data, which the call fills; the timer is there.
        let left = unsafe {
            let mut left: libc::itimerspec = MaybeUninit::zeroed().assume_init();
            assert_eq!(libc::timer_gettime(giving_way.timer, &raw mut left), 0);
            left
        };
        left.it_interval.tv_nsec > 0
    }

    #[test]
    fn work_without_a_pause_is_interrupted_until_it_is_done() {
        let giving_way = GivingWay::new().unwrap();
        for _ in 0..3 {
            giving_way.during(|| {
                assert!(is_set(&giving_way));
                let before = GAVE_WAY.load(Ordering::Relaxed);
                // Ends only where the signal comes again and again.
                while GAVE_WAY.load(Ordering::Relaxed) < before + 3 {}
            });
            assert!(!is_set(&giving_way));
        }
    }
}
