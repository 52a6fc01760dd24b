//! `mcsp functions`: what a running `mcsp` has loaded, and what each function does and costs.

use anyhow::{Context, bail};
use bytes::Bytes;
use clap::Args;
use http::{Request, header};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use mcsp_runner::{AdminAddress, FunctionReport, FunctionState};
use std::convert::Infallible;
use std::path::PathBuf;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};

/// Show what is loaded, warm or dropped, and what each function does and costs
#[derive(Args, Debug)]
pub(super) struct Functions {
    /// The admin face of the running mcsp: an address or the path of a Unix socket
    #[arg(long, env = "MCSP_ADMIN", default_value = ".mcsp/admin.sock", value_parser = admin_address)]
    admin: AdminAddress,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// An address, or else a path.
pub(super) fn admin_address(text: &str) -> Result<AdminAddress, Infallible> {
    Ok(text.parse().map_or_else(|_| AdminAddress::Unix(PathBuf::from(text)), AdminAddress::Tcp))
}

impl Functions {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let body = fetch(&self.admin)?;
        if self.json {
            println!("{}", String::from_utf8_lossy(&body));
        } else {
            print!("{}", table(&serde_json::from_slice::<Vec<FunctionReport>>(&body)?));
        }
        Ok(())
    }
}

/// What the admin face says of the functions: a document of [`FunctionReport`]s.
pub(super) fn fetch(admin: &AdminAddress) -> anyhow::Result<Bytes> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match admin {
            AdminAddress::Tcp(address) => ask(TcpStream::connect(address).await).await,
            AdminAddress::Unix(path) => ask(UnixStream::connect(path).await).await,
        }
    })
}

async fn ask(
    stream: std::io::Result<impl AsyncRead + AsyncWrite + Unpin + Send + 'static>,
) -> anyhow::Result<Bytes> {
    let stream = stream.context("no mcsp answers there; start one, or name its admin face with --admin")?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = Request::get("/functions").header(header::HOST, "localhost").body(Empty::<Bytes>::new())?;
    let response = sender.send_request(request).await?;
    if !response.status().is_success() {
        bail!("the admin face answered {}", response.status());
    }
    Ok(response.into_body().collect().await?.to_bytes())
}

fn table(reports: &[FunctionReport]) -> String {
    let width = reports.iter().map(|report| report.component.len()).max().unwrap_or(0).max(8);
    let mut out = format!(
        "{:width$}  {:8}{:>6}{:>11}{:>11}{:>11}{:>8}{:>6}{:>10}{:>10}{:>10}\n",
        "FUNCTION",
        "STATE",
        "PINNED",
        "INSTANCES",
        "IN FLIGHT",
        "CALLS",
        "ERRORS",
        "COLD",
        "CPU MS",
        "MEM KiB",
        "PEAK KiB",
    );
    for report in reports {
        let state = match report.state {
            FunctionState::Warm => "warm",
            FunctionState::Idle => "idle",
            FunctionState::Dropped => "dropped",
        };
        out.push_str(&format!(
            "{:width$}  {:8}{:>6}{:>11}{:>11}{:>11}{:>8}{:>6}{:>10}{:>10}{:>10}\n",
            report.component,
            state,
            report.pinned,
            report.instances,
            report.in_flight,
            report.calls,
            report.errors,
            report.cold_starts,
            report.cpu_ms,
            report.memory_bytes / 1024,
            report.memory_peak_bytes / 1024,
        ));
    }
    out
}
