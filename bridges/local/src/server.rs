//! One private server: prepared, started until it answers, stopped, started again.

use crate::error::LocalError;
use crate::process::{Group, Process};
use crate::state_dir::last_telling_line;
use rustix::process::Signal;
use std::fs::{self, OpenOptions};
use std::future::Future;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// With less free space than this no store starts.
const FULL_DISK_BYTES: u64 = 24 * 1024 * 1024;
const PROBE_INTERVAL: Duration = Duration::from_millis(25);
/// How long a command that prepares a store may take.
const PREPARATION_TIMEOUT: Duration = Duration::from_secs(120);

/// What one kind of server needs.
pub trait Recipe: Send + Sync + 'static {
    /// How it is called in messages and log file names.
    const NAME: &'static str;
    /// The environment variable that names another one, to be used in its place, where there is one.
    const VARIABLE: Option<&'static str>;
    /// The signal for a clean and quick end.
    const STOP_SIGNAL: Signal = Signal::TERM;
    /// How long that end may take.
    const STOP_TIMEOUT: Duration;
    /// How long it may take to answer.
    const READY_TIMEOUT: Duration = Duration::from_secs(90);

    /// Removes what a crash left behind and builds the command line.
    ///
    /// # Errors
    /// A missing program or a file error.
    fn command(&self) -> Result<Command, LocalError>;

    /// Whether it answers by now, and if not, why.
    fn probe(&self) -> impl Future<Output = Result<(), String>> + Send;
}

/// A private server that can be stopped and started again; it keeps its port and its data.
#[derive(Debug)]
pub struct Server<R> {
    recipe: R,
    log: PathBuf,
    process: Mutex<Option<Process>>,
}

impl<R: Recipe> Server<R> {
    /// A server that does not run yet, and writes to this file when it does.
    pub fn new(recipe: R, log: PathBuf) -> Self {
        Self { recipe, log, process: Mutex::new(None) }
    }

    /// What it was made from.
    pub fn recipe(&self) -> &R {
        &self.recipe
    }

    /// Starts it and waits until it answers; does nothing when it runs.
    ///
    /// # Errors
    /// It is missing, ends early or does not answer in time; nothing is left running then.
    pub async fn start(&self) -> Result<(), LocalError> {
        let mut running = self.process.lock().await;
        if running.as_ref().is_some_and(|process| process.exit_status().is_none()) {
            return Ok(());
        }
        let process = spawn_logged(self.recipe.command()?, &self.log).await?;
        match self.until_ready(&process).await {
            Ok(()) => {
                *running = Some(process);
                Ok(())
            }
            Err(error) => {
                process.kill().await;
                Err(error)
            }
        }
    }

    /// Ends it cleanly; does nothing when it does not run.
    pub async fn stop(&self) {
        if let Some(process) = self.process.lock().await.take() {
            process.stop(R::STOP_SIGNAL, R::STOP_TIMEOUT).await;
        }
    }

    /// Ends it with SIGKILL, as a crash would.
    pub async fn kill(&self) {
        if let Some(process) = self.process.lock().await.take() {
            process.kill().await;
        }
    }

    /// Its process id while it runs.
    pub async fn pid(&self) -> Option<u32> {
        let running = self.process.lock().await;
        running.as_ref().filter(|process| process.exit_status().is_none()).map(Process::pid)
    }

    /// Waits until it ends without having been asked to, and tells what its log says of that. One that does not
    /// run has ended.
    pub async fn ended(&self) -> LocalError {
        let end = self.process.lock().await.as_ref().map(Process::wait);
        if let Some(end) = end {
            end.await;
        }
        LocalError::Ended { server: R::NAME, last_line: last_telling_line(&self.log), log: self.log.clone() }
    }

    async fn until_ready(&self, process: &Process) -> Result<(), LocalError> {
        let begun = Instant::now();
        loop {
            let answer = tokio::select! {
                answer = self.recipe.probe() => answer,
                _ = process.wait() => Err("it ended".to_owned()),
            };
            if process.exit_status().is_some() {
                check_disk(&self.log)?;
                let last_line = last_telling_line(&self.log);
                return Err(LocalError::Exited {
                    server: R::NAME,
                    last_line,
                    log: self.log.clone(),
                    variable: R::VARIABLE,
                });
            }
            match answer {
                Ok(()) => return Ok(()),
                Err(_) if begun.elapsed() < R::READY_TIMEOUT => tokio::time::sleep(PROBE_INTERVAL).await,
                Err(cause) => {
                    check_disk(&self.log)?;
                    return Err(LocalError::NotReady {
                        server: R::NAME,
                        waited: R::READY_TIMEOUT,
                        last_line: format!("{cause}; {}", last_telling_line(&self.log)),
                        log: self.log.clone(),
                        variable: R::VARIABLE,
                    });
                }
            }
        }
    }
}

/// Runs a command that prepares a store, to its end.
pub(crate) async fn prepare<R: Recipe>(
    step: &'static str,
    command: Command,
    log: &Path,
) -> Result<(), LocalError> {
    let process = spawn_logged(command, log).await?;
    let status = tokio::time::timeout(PREPARATION_TIMEOUT, process.wait()).await;
    if status.is_ok_and(|status| status.success()) {
        return Ok(());
    }
    process.kill().await;
    check_disk(log)?;
    Err(LocalError::Preparation {
        step,
        last_line: last_telling_line(log),
        log: log.to_owned(),
        variable: R::VARIABLE,
    })
}

/// A full disk is behind many a strange message: say so instead.
fn check_disk(log: &Path) -> Result<(), LocalError> {
    let free_bytes = log
        .parent()
        .and_then(|directory| rustix::fs::statvfs(directory).ok())
        .map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize));
    match free_bytes {
        Some(free_bytes) if free_bytes < FULL_DISK_BYTES => {
            Err(LocalError::DiskFull { path: log.to_owned() })
        }
        _ => Ok(()),
    }
}

/// Starts a command with its output in a fresh log file; the log of the time before is kept beside it.
async fn spawn_logged(mut command: Command, log: &Path) -> Result<Process, LocalError> {
    let program = command.get_program().to_string_lossy().into_owned();
    let before = log.with_extension("log.before");
    if log.exists() {
        fs::rename(log, &before).map_err(LocalError::file("rename", log))?;
    }
    let output =
        OpenOptions::new().append(true).create(true).open(log).map_err(LocalError::file("create", log))?;
    let errors = output.try_clone().map_err(LocalError::file("open", log))?;
    command.stdin(Stdio::null()).stdout(output).stderr(errors);
    Process::spawn(command, Group::Own).await.map_err(|source| LocalError::Spawn { program, source })
}
