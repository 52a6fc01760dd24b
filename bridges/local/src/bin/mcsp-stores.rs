//! Runs a command with private stores around it: what the tests run in.

use clap::{Parser, Subcommand};
use mcsp_local::{Durability, Group, Lines, LocalError, Process, Source, Stack, StackConfig};
use rustix::process::Signal;
use std::ffi::OsString;
use std::io::IsTerminal;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode, ExitStatus};
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// The libraries report what the callers are told anyway: refused signatures, brokers that are away.
const LOG_FILTER: &str = "warn,librdkafka=off,rdkafka=off,s3s=off";
/// How long the command may take to end after a signal.
const COMMAND_STOP_TIMEOUT: Duration = Duration::from_secs(10);
/// The shell's code for a command that could not be run.
const CANNOT_RUN: u8 = 127;
/// The shell adds the number of the signal that ended a command.
const ENDED_BY_SIGNAL: i32 = 128;

#[derive(Parser)]
#[command(version, about = "Private Postgres, Redis and Kafka for the time of one command")]
struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Starts the stores, runs the command with MCSP_TEST_POSTGRES_URL, MCSP_TEST_REDIS_URL and
    /// MCSP_TEST_KAFKA_BROKERS set, stops the stores and ends with the command's code
    Run {
        /// Where to keep the stores' data [default: a temporary directory]
        #[arg(long)]
        state_dir: Option<PathBuf>,
        /// Start the object store and the stand-ins for CDN and pipeline too, and set MCSP_TEST_S3_URL and
        /// MCSP_TEST_CDN_URL
        #[arg(long)]
        platform: bool,
        /// The command and its arguments
        #[arg(last = true, required = true)]
        command: Vec<OsString>,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(LOG_FILTER));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let Action::Run { state_dir, platform, command } = Arguments::parse().action;
    match run(state_dir, platform, &command).await {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("mcsp-stores: {}", mcsp_causes::in_one_line(&error));
            ExitCode::from(CANNOT_RUN)
        }
    }
}

async fn run(state_dir: Option<PathBuf>, platform: bool, command: &[OsString]) -> Result<u8, LocalError> {
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut terminate = listen(SignalKind::terminate())?;
    let temporary = match &state_dir {
        Some(_) => None,
        None => Some(temporary_dir()?),
    };
    let state_dir = state_dir.unwrap_or_else(|| {
        temporary.as_ref().map(|directory| directory.path().to_owned()).unwrap_or_default()
    });
    let mut config = StackConfig::stores(state_dir, Durability::Fast);
    if platform {
        config.object_store = Source::Private;
        config.stand_ins = true;
    }
    let mut starting = std::pin::pin!(Stack::start(config, &Lines));
    let stopped = tokio::select! {
        stack = &mut starting => Ok(stack?),
        _ = interrupt.recv() => Err(Signal::INT),
        _ = terminate.recv() => Err(Signal::TERM),
    };
    let stack = match stopped {
        Ok(stack) => stack,
        Err(signal) => {
            // Let what is half started become whole: then it can be stopped cleanly.
            if let Ok(Ok(stack)) = tokio::time::timeout(COMMAND_STOP_TIMEOUT, starting).await {
                stack.stop().await;
            }
            return Ok(stopped_by(signal));
        }
    };
    let code = match spawn(command, &stack).await {
        Err(error) => Err(error),
        Ok(process) => tokio::select! {
            status = process.wait() => Ok(code_of(status)),
            _ = interrupt.recv() => Ok(end(&process, Signal::INT).await),
            _ = terminate.recv() => Ok(end(&process, Signal::TERM).await),
        },
    };
    stack.stop().await;
    code
}

async fn spawn(command: &[OsString], stack: &Stack) -> Result<Process, LocalError> {
    let Some((program, arguments)) = command.split_first() else {
        return Err(LocalError::MissingProgram { program: "the command to run".to_owned() });
    };
    let urls = stack.urls();
    let mut child = Command::new(program);
    child.args(arguments);
    let variables = [
        ("MCSP_TEST_POSTGRES_URL", urls.postgres),
        ("MCSP_TEST_REDIS_URL", urls.redis),
        ("MCSP_TEST_KAFKA_BROKERS", urls.kafka_brokers),
        ("MCSP_TEST_SEARCH_URL", urls.search),
        ("MCSP_TEST_S3_URL", urls.object_store.map(|access| access.url())),
        ("MCSP_TEST_CDN_URL", urls.cdn),
    ];
    for (name, value) in variables {
        child.envs(value.map(|value| (name, value)));
    }
    let program = program.to_string_lossy().into_owned();
    // In a terminal the command must stay in the foreground; elsewhere its whole group is ended with it.
    let group = if std::io::stdin().is_terminal() { Group::Shared } else { Group::Own };
    Process::spawn(child, group).await.map_err(|source| LocalError::Spawn { program, source })
}

async fn end(process: &Process, signal: Signal) -> u8 {
    process.stop(Signal::TERM, COMMAND_STOP_TIMEOUT).await;
    stopped_by(signal)
}

fn stopped_by(signal: Signal) -> u8 {
    u8::try_from(ENDED_BY_SIGNAL + signal.as_raw()).unwrap_or(u8::MAX)
}

fn code_of(status: ExitStatus) -> u8 {
    let code = status.code().or_else(|| Some(ENDED_BY_SIGNAL + status.signal()?));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)
}

fn listen(kind: SignalKind) -> Result<tokio::signal::unix::Signal, LocalError> {
    signal(kind).map_err(|source| LocalError::Spawn { program: "the signal handler".to_owned(), source })
}

fn temporary_dir() -> Result<tempfile::TempDir, LocalError> {
    tempfile::Builder::new().prefix("mcsp-stores-").tempdir().map_err(|source| LocalError::File {
        action: "create",
        path: std::env::temp_dir(),
        source,
    })
}
