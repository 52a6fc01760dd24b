//! Servers under measurement: processes of ours, ended with their handle.

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process};
use std::ffi::OsStr;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

const START_TIMEOUT: Duration = Duration::from_secs(30);
/// Short beside what is measured by it: the start of a process takes tens of milliseconds.
const START_POLL: Duration = Duration::from_micros(200);

/// A server on a loopback port. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    /// Whether it has processes of its own, which it ends when it is asked to end.
    has_children: bool,
    address: SocketAddr,
    /// From the start of the process to its first answer.
    pub started_in: Duration,
}

impl Server {
    /// Starts a program that is to listen on `address`, and waits until GET `path` is answered.
    pub fn start(mut command: Command, address: SocketAddr, path: &str) -> anyhow::Result<Self> {
        let begun = Instant::now();
        let program = command.get_program().to_owned();
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        let child = child.with_context(|| format!("cannot start {}", program.display()))?;
        let mut server = Server { child, has_children: false, address, started_in: Duration::ZERO };
        while answer(address, path).is_err() {
            if let Some(status) = server.child.try_wait()? {
                bail!("{} ended while starting: {status}", program.display());
            }
            if begun.elapsed() > START_TIMEOUT {
                bail!("{} does not answer on {address}", program.display());
            }
            thread::sleep(START_POLL);
        }
        server.started_in = begun.elapsed();
        Ok(server)
    }

    /// The same server, as one that has processes of its own: they would outlive it, were it ended at once.
    pub fn with_children(mut self) -> Self {
        self.has_children = true;
        self
    }

    /// `http://127.0.0.1:…`
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The memory that is this process's own share, in KiB.
    pub fn memory_kib(&self) -> anyhow::Result<f64> {
        let rollup = std::fs::read_to_string(format!("/proc/{}/smaps_rollup", self.child.id()))?;
        let pss = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
        let kib =
            pss.and_then(|value| value.trim().strip_suffix(" kB")).context("smaps_rollup has no Pss")?;
        Ok(kib.trim().parse()?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // A process that has ended already is no matter.
        if self.has_children && matches!(self.child.try_wait(), Ok(None)) {
            let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        } else {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

/// One GET on a connection of its own.
fn answer(address: SocketAddr, path: &str) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(START_TIMEOUT))?;
    write!(stream, "GET {path} HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n\r\n")?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    anyhow::ensure!(text.starts_with("HTTP/1.1 2"), "{}", text.lines().next().unwrap_or_default());
    Ok(())
}

/// A loopback address that is free now.
pub(crate) fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// A program of this workspace: beside the one that runs.
pub(crate) fn own_program(name: &str) -> anyhow::Result<PathBuf> {
    let path = std::env::current_exe()?.with_file_name(name);
    anyhow::ensure!(path.exists(), "{} is not built: run scripts/bench", path.display());
    Ok(path)
}

/// A program with what a platform is configured with: its shell assignments, in a file.
pub(crate) fn configured(program: &Path, environment: &Path) -> Command {
    configured_by(&[], program, environment)
}

/// The same on one core only.
pub(crate) fn configured_on(core: usize, program: &Path, environment: &Path) -> Command {
    configured_by(&["taskset", "--cpu-list", &core.to_string()], program, environment)
}

/// Keeps a process that runs, with its threads, on one core.
pub(crate) fn keep_on(core: usize, process: u32) -> anyhow::Result<()> {
    run("taskset", &["--all-tasks", "--cpu-list", "--pid", &core.to_string(), &process.to_string()])
}

/// Keeps the calling thread, and what it starts from now on, on one core.
pub(crate) fn keep_here(core: usize) -> anyhow::Result<()> {
    run("taskset", &["--cpu-list", "--pid", &core.to_string(), &own_thread()?])
}

/// Lets the calling thread run only while nobody else wants its core.
fn give_way() -> anyhow::Result<()> {
    run("chrt", &["--idle", "--pid", "0", &own_thread()?])
}

fn own_thread() -> anyhow::Result<String> {
    let thread = std::fs::read_link("/proc/thread-self")?;
    let id = thread.file_name().and_then(OsStr::to_str).context("the thread has no id")?;
    Ok(id.to_owned())
}

fn run(program: &str, arguments: &[&str]) -> anyhow::Result<()> {
    let status = Command::new(program).args(arguments).stdout(Stdio::null()).status();
    let status = status.with_context(|| format!("cannot run {program}"))?;
    anyhow::ensure!(status.success(), "{program} {} failed", arguments.join(" "));
    Ok(())
}

/// Threads that keep cores busy with nothing.
#[derive(Debug)]
pub(crate) struct Loops {
    over: Arc<AtomicBool>,
    threads: Vec<JoinHandle<anyhow::Result<()>>>,
}

impl Loops {
    /// One, on this core.
    pub fn on(core: usize) -> Self {
        Self::begin(1, move || keep_here(core))
    }

    /// One for each core, which run only while nobody else wants it.
    pub fn idle() -> anyhow::Result<Self> {
        Ok(Self::begin(thread::available_parallelism()?.get(), give_way))
    }

    fn begin(count: usize, settle: impl Fn() -> anyhow::Result<()> + Clone + Send + 'static) -> Self {
        let over = Arc::<AtomicBool>::default();
        let looping = || {
            let (over, settle) = (Arc::clone(&over), settle.clone());
            thread::spawn(move || {
                settle()?;
                while !over.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
                Ok(())
            })
        };
        let threads = std::iter::repeat_with(looping).take(count).collect();
        Loops { over, threads }
    }

    /// Ends them. An error where one could not run as it should.
    pub fn end(self) -> anyhow::Result<()> {
        self.over.store(true, Ordering::Relaxed);
        for thread in self.threads {
            thread.join().map_err(|_| anyhow::anyhow!("a loop panicked"))??;
        }
        Ok(())
    }
}

fn configured_by(wrapper: &[&str], program: &Path, environment: &Path) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", r#". "$0" && exec "$@""#]).arg(environment).args(wrapper).arg(program);
    command
}

/// A program on the PATH, or where `variable` says.
pub(crate) fn peer(variable: &str, name: &str) -> Option<PathBuf> {
    if let Some(path) = std::env::var_os(variable) {
        return Some(PathBuf::from(path));
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|directory| directory.join(name)).find(|program| program.is_file())
}
