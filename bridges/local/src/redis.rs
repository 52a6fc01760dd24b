//! A private Redis from Debian's packages, on loopback, with a generated password.

use crate::config::{Durability, REDIS_VARIABLE};
use crate::error::LocalError;
use crate::programs;
use crate::server::{Recipe, Server};
use crate::state_dir::{StateDir, write_private};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const MAX_MEMORY: &str = "256mb";
const DEFAULT_PORT: u16 = 6379;
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);

/// How to run the private Redis.
#[derive(Debug)]
pub struct Redis {
    configuration: PathBuf,
    port: u16,
    password: String,
}

impl Server<Redis> {
    /// Writes the configuration and starts the server.
    pub(crate) async fn launch(state: &StateDir, durability: Durability) -> Result<Self, LocalError> {
        let redis = Redis::prepare(state, durability)?;
        let server = Self::new(redis, state.log_path(Redis::NAME));
        server.start().await?;
        Ok(server)
    }
}

impl Redis {
    fn prepare(state: &StateDir, durability: Durability) -> Result<Self, LocalError> {
        let home = state.directory("redis")?;
        let password = state.secret("redis")?;
        let port = state.port(Self::NAME)?;
        let append_only = match durability {
            Durability::Durable => "yes",
            Durability::Fast => "no",
        };
        let configuration = home.join("redis.conf");
        let directory = home.display();
        write_private(
            &configuration,
            &format!(
                "bind 127.0.0.1\n\
                 port {port}\n\
                 requirepass {password}\n\
                 dir \"{directory}\"\n\
                 daemonize no\n\
                 save \"\"\n\
                 appendonly {append_only}\n\
                 appendfsync everysec\n\
                 maxmemory {MAX_MEMORY}\n\
                 maxmemory-policy noeviction\n"
            ),
        )?;
        Ok(Self { configuration, port, password })
    }

    /// Its URL, with the password.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://:{}@127.0.0.1:{}/0", self.password, self.port)
    }
}

impl Recipe for Redis {
    const NAME: &'static str = "redis";
    const VARIABLE: Option<&'static str> = Some(REDIS_VARIABLE);
    const STOP_TIMEOUT: Duration = Duration::from_secs(10);

    fn command(&self) -> Result<Command, LocalError> {
        let mut command = Command::new(programs::find("redis-server")?);
        command.arg(&self.configuration);
        Ok(command)
    }

    async fn probe(&self) -> Result<(), String> {
        ping(&format!("127.0.0.1:{}", self.port), Some(&format!("AUTH {}", self.password))).await
    }
}

/// Whether the Redis of a URL answers; a wrong password is for its client to report.
pub(crate) async fn check(url: &str) -> Result<(), String> {
    let url = reqwest::Url::parse(url).map_err(|_| "it is not a URL".to_owned())?;
    let host = url.host_str().ok_or("it has no host")?;
    let port = url.port().unwrap_or(DEFAULT_PORT);
    ping(&format!("{host}:{port}"), None).await
}

async fn ping(address: &str, authenticate: Option<&str>) -> Result<(), String> {
    let ping = async {
        let mut connection = TcpStream::connect(address).await?;
        let commands: Vec<&str> = authenticate.into_iter().chain(["PING", "QUIT", ""]).collect();
        connection.write_all(commands.join("\r\n").as_bytes()).await?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await?;
        std::io::Result::Ok(answer)
    };
    match tokio::time::timeout(PROBE_TIMEOUT, ping).await {
        Ok(Ok(answer)) if answer.contains("+PONG") => Ok(()),
        Ok(Ok(answer)) if authenticate.is_none() && answer.starts_with("-NOAUTH") => Ok(()),
        // While it loads its data it answers "-LOADING …".
        Ok(Ok(answer)) => Err(answer.lines().next().unwrap_or_default().to_owned()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("no answer".to_owned()),
    }
}
