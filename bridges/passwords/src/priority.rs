//! How much of the cores hashing gets.
//!
//! Event loops share the cores with hashing threads and answer in microseconds what takes these tens of milliseconds, so
//! they come first. A low priority alone does not do that: Linux lets the running thread finish its slice first, milliseconds
//! in which an event loop that has work waits. Threads of the idle class are put aside at once (sched(7)).

/// Nicer than the rest of the process.
const NICENESS: i32 = 10;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Priority {
    /// What nobody else wants.
    Idle,
    /// A small share, however busy the machine is.
    Low,
}

/// Sets the priority of this thread.
pub(crate) fn set(priority: Priority) {
    let result = match priority {
        Priority::Idle => set_idle(),
        // On Linux this is the priority of the calling thread alone.
        Priority::Low => rustix::process::setpriority_process(None, NICENESS).map_err(Into::into),
    };
    if let Err(error) = result {
        tracing::debug!(%error, ?priority, "a hashing thread keeps its priority");
    }
}

fn set_idle() -> std::io::Result<()> {
    let parameters = libc::sched_param { sched_priority: 0 };
    // SAFETY: 0 is the calling thread, and the parameters outlive the call.
    match unsafe { libc::sched_setscheduler(0, libc::SCHED_IDLE, &raw const parameters) } {
        0 => Ok(()),
        _ => Err(std::io::Error::last_os_error()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_of_the_idle_class_is_one() {
        let policy = std::thread::spawn(|| {
            set(Priority::Idle);
            // SAFETY: it takes nothing but the number that is the calling thread.
            unsafe { libc::sched_getscheduler(0) }
        });
        assert_eq!(policy.join().unwrap(), libc::SCHED_IDLE);
    }
}
