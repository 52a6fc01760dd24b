//! A child process that cannot outlive its parent: own process group, ended with SIGTERM and then SIGKILL,
//! killed by the kernel when the parent dies.

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions};
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// How long a killed process may take to be gone.
const KILL_TIMEOUT: Duration = Duration::from_secs(5);

/// Which processes a signal reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// The child leads a group of its own: a Ctrl-C in the terminal does not reach it.
    Own,
    /// The child stays in the terminal's foreground group, as a command typed by a person should.
    Shared,
}

/// A running, or ended, child process.
#[derive(Debug)]
pub struct Process {
    pid: Pid,
    group: Group,
    /// Held while signalling, so that a signal never meets a pid that was given to somebody else.
    reaped: Arc<Mutex<bool>>,
    exit: watch::Receiver<Option<ExitStatus>>,
}

impl Process {
    /// Starts `command`.
    ///
    /// # Errors
    /// What the operating system says, for example that there is no such program.
    pub async fn spawn(command: Command, group: Group) -> io::Result<Self> {
        let (answer, child) = tokio::sync::oneshot::channel();
        let gone = |_| io::Error::other("the spawning thread is gone");
        spawner().send(Order { command, group, answer }).map_err(|_| gone(()))?;
        let child = child.await.map_err(|_| gone(()))??;
        Self::watch(child, group)
    }

    fn watch(child: Child, group: Group) -> io::Result<Self> {
        let pid = Pid::from_child(&child);
        let reaped = Arc::new(Mutex::new(false));
        let (sender, exit) = watch::channel(None);
        let flag = Arc::clone(&reaped);
        std::thread::Builder::new().name(format!("wait-{pid}", pid = pid.as_raw_nonzero())).spawn(
            move || {
                let status = reap(child, pid, group, &flag);
                // Nobody may be listening any more.
                let _ = sender.send(Some(status));
            },
        )?;
        Ok(Self { pid, group, reaped, exit })
    }

    /// The process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// How it ended, when it has.
    #[must_use]
    pub fn exit_status(&self) -> Option<ExitStatus> {
        *self.exit.borrow()
    }

    /// Waits for its end.
    pub fn wait(&self) -> impl Future<Output = ExitStatus> + Send + use<> {
        let mut exit = self.exit.clone();
        async move {
            match exit.wait_for(Option::is_some).await.map(|status| *status) {
                Ok(Some(status)) => status,
                // The waiting thread always sends before it ends; treat anything else as a failure of the child.
                Ok(None) | Err(_) => unknown_status(),
            }
        }
    }

    /// Sends a signal to the process, and to its whole group where it has one of its own.
    pub fn signal(&self, signal: Signal) {
        let reaped = self.reaped.lock().unwrap_or_else(PoisonError::into_inner);
        if !*reaped {
            send(self.pid, self.group, signal);
        }
    }

    /// Ends it: `signal` first, SIGKILL after `patience`.
    pub async fn stop(&self, signal: Signal, patience: Duration) -> ExitStatus {
        self.signal(signal);
        if let Ok(status) = tokio::time::timeout(patience, self.wait()).await {
            return status;
        }
        tracing::warn!(
            pid = self.pid(),
            patience_s = patience.as_secs(),
            "killing a process that will not stop"
        );
        self.kill().await
    }

    /// Ends it at once.
    pub async fn kill(&self) -> ExitStatus {
        self.signal(Signal::KILL);
        tokio::time::timeout(KILL_TIMEOUT, self.wait()).await.unwrap_or_else(|_| unknown_status())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

fn unknown_status() -> ExitStatus {
    std::os::unix::process::ExitStatusExt::from_raw(1 << 8)
}

/// Waits for the child, ends what is left of its group while its pid is still reserved, then reaps it.
fn reap(mut child: Child, pid: Pid, group: Group, reaped: &Mutex<bool>) -> ExitStatus {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    while let Err(rustix::io::Errno::INTR) = rustix::process::waitid(WaitId::Pid(pid), options) {}
    let mut reaped = reaped.lock().unwrap_or_else(PoisonError::into_inner);
    if group == Group::Own {
        send(pid, group, Signal::KILL);
    }
    *reaped = true;
    child.wait().unwrap_or_else(|_| unknown_status())
}

fn send(pid: Pid, group: Group, signal: Signal) {
    // The only possible failure is that there is nobody left to signal.
    let _ = match group {
        Group::Own => rustix::process::kill_process_group(pid, signal),
        Group::Shared => rustix::process::kill_process(pid, signal),
    };
}

struct Order {
    command: Command,
    group: Group,
    answer: tokio::sync::oneshot::Sender<io::Result<Child>>,
}

/// The thread that starts all children. The kernel ties "kill me when my parent dies" to the thread that
/// spawned the child, and threads of an async runtime come and go; this one lives as long as the process.
fn spawner() -> Sender<Order> {
    static SPAWNER: OnceLock<Sender<Order>> = OnceLock::new();
    SPAWNER
        .get_or_init(|| {
            let (sender, orders) = mpsc::channel::<Order>();
            // Without the thread every send fails, and `Process::spawn` reports it.
            let _ = std::thread::Builder::new().name("spawner".into()).spawn(move || {
                for Order { command, group, answer } in orders {
                    // Dropping the child of a caller that is gone leaves it to the waiting side: kill it.
                    if let Err(Ok(mut child)) = answer.send(spawn_tied(command, group)) {
                        let _ = child.kill();
                        let _ = child.wait();
                    }
                }
            });
            sender
        })
        .clone()
}

fn spawn_tied(mut command: Command, group: Group) -> io::Result<Child> {
    if group == Group::Own {
        command.process_group(0);
    }
    let parent = rustix::process::getpid();
    // SAFETY: the closure makes two system calls and allocates nothing, as code between fork and exec must.
    unsafe {
        command.pre_exec(move || {
            rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
            // The parent may have died before the line above.
            if rustix::process::getppid() == Some(parent) {
                Ok(())
            } else {
                Err(io::Error::from(io::ErrorKind::BrokenPipe))
            }
        });
    }
    command.spawn()
}
