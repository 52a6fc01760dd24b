//! A private Postgres from Debian's packages, on loopback, with a generated password.

use crate::config::{Durability, POSTGRES_VARIABLE};
use crate::error::LocalError;
use crate::programs;
use crate::server::{Recipe, Server, prepare};
use crate::state_dir::{StateDir, write_private};
use rustix::process::Signal;
use sqlx::Connection;
use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

const SUPERUSER: &str = "postgres";
/// The database of the platform; the services' schemas are in it.
const DATABASE: &str = "mcsp";
/// For clusters whose state directory Postgres may not enter.
const OUTSIDE: &str = "/var/lib/mcsp-postgres";
const MAX_CONNECTIONS: u32 = 300;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long the sessions of one that has crashed are waited for, and how often it is looked.
const CRASHED_PATIENCE: Duration = Duration::from_secs(5);
const CRASHED_POLL: Duration = Duration::from_millis(10);
/// Postgres refuses to run as root; these are tried, in this order.
const UNPRIVILEGED_USERS: [&str; 2] = ["postgres", "nobody"];

/// How to run the private Postgres.
#[derive(Debug)]
pub struct Postgres {
    data: PathBuf,
    port: u16,
    password: String,
    run_as: Option<User>,
    durability: Durability,
}

#[derive(Clone, Copy, Debug)]
struct User {
    uid: u32,
    gid: u32,
}

impl Server<Postgres> {
    /// Creates the cluster and the platform's database where they are missing, and starts the server.
    pub(crate) async fn launch(state: &StateDir, durability: Durability) -> Result<Self, LocalError> {
        let postgres = Postgres::prepare(state, durability).await?;
        let server = Self::new(postgres, state.log_path(Postgres::NAME));
        server.start().await?;
        if let Err(cause) = server.recipe().create_database().await {
            server.stop().await;
            return Err(LocalError::Preparation {
                step: "creating the database",
                last_line: cause.to_string(),
                log: state.log_path(Postgres::NAME),
                variable: Postgres::VARIABLE,
            });
        }
        Ok(server)
    }
}

impl Postgres {
    async fn prepare(state: &StateDir, durability: Durability) -> Result<Self, LocalError> {
        let run_as = unprivileged_user()?;
        let home = home(state, run_as.as_ref())?;
        let password_file = home.join("password");
        let password = state.secret("postgres")?;
        let postgres =
            Self { data: home.join("data"), port: state.port(Self::NAME)?, password, run_as, durability };
        postgres.remove_foreign_cluster(&password_file)?;
        if !postgres.data.exists() {
            write_private(&password_file, &postgres.password)?;
            if let Some(user) = &postgres.run_as {
                user.own(&password_file)?;
            }
            postgres.create_cluster(&password_file, &state.log_path("postgres-initdb")).await?;
        }
        Ok(postgres)
    }

    /// Removes a cluster outside the state directory when the state directory that it belonged to is gone.
    fn remove_foreign_cluster(&self, password_file: &Path) -> Result<(), LocalError> {
        let own = fs::read_to_string(password_file).is_ok_and(|password| password == self.password);
        if !own && self.data.exists() {
            fs::remove_dir_all(&self.data).map_err(LocalError::file("remove", &self.data))?;
        }
        Ok(())
    }

    /// Creates the cluster beside its place and moves it there when it is whole.
    async fn create_cluster(&self, password_file: &Path, log: &Path) -> Result<(), LocalError> {
        let partial = self.data.with_extension("partial");
        if partial.exists() {
            fs::remove_dir_all(&partial).map_err(LocalError::file("remove", &partial))?;
        }
        let mut command = self.program("initdb")?;
        command
            .arg("--pgdata")
            .arg(&partial)
            .arg("--pwfile")
            .arg(password_file)
            .args(["--username", SUPERUSER, "--auth", "scram-sha-256"])
            .args(["--encoding", "UTF8", "--locale", "C.UTF-8", "--no-instructions"]);
        if self.durability == Durability::Fast {
            command.arg("--no-sync");
        }
        prepare::<Postgres>("creating the Postgres cluster", command, log).await?;
        fs::rename(&partial, &self.data).map_err(LocalError::file("rename", &partial))
    }

    async fn create_database(&self) -> Result<(), sqlx::Error> {
        let mut connection = sqlx::PgConnection::connect(&self.url_of(SUPERUSER)).await?;
        let exists = sqlx::query("SELECT 1 FROM pg_database WHERE datname = $1")
            .bind(DATABASE)
            .fetch_optional(&mut connection)
            .await?;
        if exists.is_none() {
            sqlx::query("CREATE DATABASE mcsp").execute(&mut connection).await?;
        }
        connection.close().await
    }

    /// The superuser's URL of the platform's database.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_of(DATABASE)
    }

    fn url_of(&self, database: &str) -> String {
        format!("postgres://{SUPERUSER}:{}@127.0.0.1:{}/{database}", self.password, self.port)
    }

    fn program(&self, name: &str) -> Result<Command, LocalError> {
        let mut command = Command::new(programs::find_postgres(name)?);
        if let Some(user) = &self.run_as {
            command.uid(user.uid).gid(user.gid);
        }
        // The caller's directory may be one that this user must not enter.
        command.current_dir("/").env_clear().env("PATH", "/usr/bin:/bin").env("TZ", "UTC");
        Ok(command)
    }

    /// The sessions of one that has crashed end by themselves, a moment after it. Postgres would not start beside them: they have its
    /// shared memory.
    fn outwait_the_crashed(&self) {
        let Ok(content) = fs::read_to_string(self.data.join("postmaster.pid")) else { return };
        // The seventh line has its key and its id.
        let Some(id) = content.lines().nth(6).and_then(|line| line.split_whitespace().nth(1)) else { return };
        let begun = Instant::now();
        while begun.elapsed() < CRASHED_PATIENCE && is_shared_by_some(id) {
            std::thread::sleep(CRASHED_POLL);
        }
    }

    /// A crash leaves the pid file behind; when another process has that number by now, Postgres would
    /// not start.
    fn remove_stale_pid_file(&self) {
        let path = self.data.join("postmaster.pid");
        let Ok(content) = fs::read_to_string(&path) else { return };
        let pid = content.lines().next().unwrap_or_default();
        let command_line = fs::read(Path::new("/proc").join(pid).join("cmdline")).unwrap_or_default();
        let data = self.data.as_os_str().as_encoded_bytes();
        if !command_line.windows(data.len().max(1)).any(|window| window == data) {
            let _ = fs::remove_file(&path);
        }
    }
}

impl Recipe for Postgres {
    const NAME: &'static str = "postgres";
    const VARIABLE: Option<&'static str> = Some(POSTGRES_VARIABLE);
    /// "Fast shutdown": ends the sessions, writes a checkpoint.
    const STOP_SIGNAL: Signal = Signal::INT;
    const STOP_TIMEOUT: Duration = Duration::from_secs(15);

    fn command(&self) -> Result<Command, LocalError> {
        self.outwait_the_crashed();
        self.remove_stale_pid_file();
        let mut command = self.program("postgres")?;
        command.arg("-D").arg(&self.data).arg("-p").arg(self.port.to_string());
        let mut set = |name: &str, value: &str| {
            command.arg("-c").arg(format!("{name}={value}"));
        };
        set("listen_addresses", "127.0.0.1");
        // A socket's path may be at most 107 bytes long, and that of a checkout may be longer.
        set("unix_socket_directories", "");
        set("max_connections", &MAX_CONNECTIONS.to_string());
        set("shared_buffers", "128MB");
        set("max_wal_size", "1GB");
        set("timezone", "UTC");
        set("log_timezone", "UTC");
        set("jit", "off");
        if self.durability == Durability::Fast {
            set("fsync", "off");
            set("synchronous_commit", "off");
            set("full_page_writes", "off");
        }
        Ok(command)
    }

    async fn probe(&self) -> Result<(), String> {
        check(&self.url_of(SUPERUSER)).await
    }
}

/// Whether a process has this shared memory (System V), as the kernel lists it: key, id, mode, size, two processes, how many have it.
fn is_shared_by_some(id: &str) -> bool {
    let listed = fs::read_to_string("/proc/sysvipc/shm").unwrap_or_default();
    listed.lines().any(|line| {
        let mut fields = line.split_whitespace();
        fields.nth(1) == Some(id) && fields.nth(4).is_some_and(|processes| processes != "0")
    })
}

/// Whether a Postgres answers. The cause of a failure does not repeat the URL.
pub(crate) async fn check(url: &str) -> Result<(), String> {
    let connect = async {
        let mut connection = sqlx::PgConnection::connect(url).await?;
        connection.ping().await?;
        connection.close().await
    };
    match tokio::time::timeout(CONNECT_TIMEOUT, connect).await {
        Ok(answer) => answer.map_err(|error| error.to_string()),
        Err(_) => Err(format!("no answer within {} s", CONNECT_TIMEOUT.as_secs())),
    }
}

/// Where the cluster goes: into the state directory, unless the user that Postgres runs as may not go there (a
/// checkout in root's home). Then into a directory named after it.
fn home(state: &StateDir, user: Option<&User>) -> Result<PathBuf, LocalError> {
    let Some(user) = user else { return state.directory("postgres") };
    let home = if user.reaches(state.root())? {
        state.directory("postgres")?
    } else {
        let name = state.root().to_string_lossy().trim_matches('/').replace('/', "-");
        let home = Path::new(OUTSIDE).join(name);
        fs::create_dir_all(&home).map_err(LocalError::file("create", &home))?;
        home
    };
    user.own(&home)?;
    Ok(home)
}

/// Whom to run as: nobody else, unless this process is root's.
fn unprivileged_user() -> Result<Option<User>, LocalError> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let path = Path::new("/etc/passwd");
    let users = fs::read_to_string(path).map_err(LocalError::file("read", path))?;
    let user = |name: &&str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(*name))?;
        let mut fields = line.split(':').skip(2);
        let uid = fields.next()?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        Some(User { uid, gid })
    };
    UNPRIVILEGED_USERS
        .iter()
        .find_map(user)
        .map(Some)
        .ok_or_else(|| LocalError::MissingProgram { program: "the user postgres".to_owned() })
}

impl User {
    fn own(&self, path: &Path) -> Result<(), LocalError> {
        chown(path, Some(self.uid), Some(self.gid)).map_err(LocalError::file("change the owner of", path))
    }

    /// Whether every directory on the way lets this user through.
    fn reaches(&self, path: &Path) -> Result<bool, LocalError> {
        for directory in path.ancestors() {
            let metadata = fs::metadata(directory).map_err(LocalError::file("read", directory))?;
            let mode = metadata.mode();
            let through = mode & 0o001 != 0
                || (metadata.uid() == self.uid && mode & 0o100 != 0)
                || (metadata.gid() == self.gid && mode & 0o010 != 0);
            if !through {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
