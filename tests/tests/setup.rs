//! The scripts where something is missing: one clear line that says what to do, and nothing left running.
//!
//! Each test has a tree of its own: the scripts and what they read are links, what they write is not. Programs from
//! outside that are made to fail are stand-ins, first on the PATH.

use mcsp_tests::root;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// No script of these tests takes longer, on a slow and busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

struct Tree(TempDir);

impl Tree {
    fn new() -> Self {
        let tree = Tree(tempfile::Builder::new().prefix("mcsp-setup-").tempdir().expect("a directory"));
        // Postgres runs as another user, who must get through.
        fs::set_permissions(tree.path(), fs::Permissions::from_mode(0o755)).expect("a directory of ours");
        for name in ["scripts", "spin.toml", "migrations", "target", "bridges"] {
            symlink(root().join(name), tree.path().join(name)).expect("a link");
        }
        fs::create_dir(tree.path().join(".mcsp")).expect("a directory");
        fs::create_dir(tree.path().join("bin")).expect("a directory");
        tree
    }

    /// As on a machine where scripts/setup has been run.
    fn set_up() -> Self {
        let tree = Self::new();
        let tools = fs::read_dir(root().join(".mcsp")).expect(".mcsp: run scripts/test").flatten();
        let tools = tools.map(|entry| entry.file_name());
        let is_tool = |name: &OsString| name == "rust-web" || name.to_string_lossy().starts_with("kafka-");
        for name in tools.filter(is_tool) {
            symlink(root().join(".mcsp").join(&name), tree.path().join(".mcsp").join(name)).expect("a link");
        }
        symlink(root().join("target/test-cache"), tree.path().join(".mcsp/cache")).expect("a link");
        // All is built.
        tree.with_program("cargo", "exit 0")
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// A program of this name that comes before any other.
    fn with_program(self, name: &str, does: &str) -> Self {
        let program = self.path().join("bin").join(name);
        fs::write(&program, format!("#!/bin/bash\n{does}\n")).expect("a file");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("a file of ours");
        self
    }

    /// Without a program that the machine may have.
    fn without_program(self, missing: &str) -> Self {
        let path = std::env::var_os("PATH").expect("PATH");
        for directory in std::env::split_paths(&path) {
            for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
                let link = self.path().join("bin").join(entry.file_name());
                // A link that leads nowhere is there, too.
                if entry.file_name() != missing && link.symlink_metadata().is_err() {
                    symlink(entry.path(), link).expect("a link");
                }
            }
        }
        fs::write(self.path().join("only"), "").expect("a file");
        self
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let bin = self.path().join("bin");
        let rest = std::env::var_os("PATH").expect("PATH");
        let alone = self.path().join("only").exists();
        let path: Vec<PathBuf> = match alone {
            true => vec![bin],
            false => std::iter::once(bin).chain(std::env::split_paths(&rest)).collect(),
        };
        let mut command = Command::new("env");
        // Whoever runs tests in the background has them ignore what a terminal sends.
        command
            .args(["--default-signal=INT", "--"])
            .arg(self.path().join(program))
            .args(arguments)
            .current_dir(self.path())
            .env("PATH", std::env::join_paths(path).expect("a PATH"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Output {
        let begun = Instant::now();
        let output = self.command(program, arguments).output().expect("it can be started");
        assert!(begun.elapsed() < PATIENCE, "{program} took {:?}", begun.elapsed());
        output
    }

    /// Runs what must fail, and gives the last line that it printed.
    fn failure_of(&self, program: &str, arguments: &[&str]) -> String {
        let output = self.run(program, arguments);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{text}");
        self.assert_nothing_runs();
        text.lines().next_back().unwrap_or_default().to_owned()
    }

    fn assert_nothing_runs(&self) {
        // What is killed takes a moment to be gone.
        let begun = Instant::now();
        loop {
            let running = self.running();
            if running.is_empty() {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "left running: {running:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The ids and command lines of processes that work in the tree, or on what is in it.
    fn running(&self) -> Vec<(String, String)> {
        let processes = fs::read_dir("/proc").expect("/proc").flatten().map(|entry| entry.path());
        processes
            .filter_map(|process| {
                let command = fs::read(process.join("cmdline")).ok()?;
                let command = String::from_utf8_lossy(&command).replace('\0', " ");
                let works_here =
                    fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd.starts_with(self.path()));
                let names_it = command.contains(&*self.path().to_string_lossy());
                let id = process.file_name()?.to_string_lossy().into_owned();
                (works_here || names_it).then_some((id, command))
            })
            .collect()
    }
}

#[test]
fn a_taken_port_is_named_with_another() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port();
    let tree = Tree::set_up();
    let line = tree.failure_of("scripts/run", &["--port", &port.to_string()]);
    assert_eq!(
        line,
        format!("failed: port {port} is taken; choose another one: scripts/run --port {}", port + 1)
    );
    let up = tree.failure_of("target/release/mcsp", &["up", "--listen", &format!("127.0.0.1:{port}")]);
    assert!(up.contains("choose another port: scripts/run --port N"), "{up}");
}

#[test]
fn a_full_disk_is_told_before_anything_is_built_and_whatever_fails_for_it() {
    let df = "echo Avail; for path in \"${@:3}\"; do echo 3; done";
    let tree = Tree::set_up().with_program("df", df);
    let line = tree.failure_of("scripts/setup", &[]);
    assert_eq!(
        line,
        "failed: the disk is too full: 3 MiB are free, 500 are needed; free some space and try again"
    );
    // Full from then on.
    let df = "echo Avail; [[ -e seen ]] && echo 3 || echo 9000; touch seen";
    let tree = Tree::new().with_program("df", df).with_program("mvn", "exit 1");
    let line = tree.failure_of("scripts/setup", &[]);
    assert_eq!(line, "failed: the disk is full; free some space and try again");
}

#[test]
fn without_a_network_it_is_the_network_that_is_told() {
    for (program, says) in [
        ("mvn", "[ERROR] No plugin found for prefix 'dependency' in the current project"),
        ("mvn", "Could not transfer artifact: Unknown host repo.example"),
    ] {
        let tree = Tree::new().with_program(program, &format!("echo \"{says}\"; exit 1"));
        let output = tree.run("scripts/setup", &[]);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            text.contains("failed: there is no network, and something is still to be downloaded"),
            "{text}"
        );
        assert!(!text.contains(says), "one line, not the program's own: {text}");
    }
    let says = "echo 'error: failed to download: [6] Could not resolve host: index.example' >&2; exit 101";
    let tree = Tree::set_up().with_program("cargo", says);
    let line = tree.failure_of("scripts/run", &["--port", "1"]);
    assert!(
        line.starts_with("failed: there is no network, and something is still to be downloaded"),
        "{line}"
    );
}

#[test]
fn a_missing_program_is_installed_or_named() {
    // Who is not root has sudo.
    let sudo = "case $1 in env) exec \"$@\";; apt-get) exec \"$@\";; *) cat >/dev/null </dev/null;; esac";
    let machine = || Tree::set_up().with_program("sudo", sudo);
    let nothing = machine().with_program("apt-get", "exit 0").without_program("ffprobe");
    let line = nothing.failure_of("scripts/setup", &[]);
    assert_eq!(
        line,
        "failed: installed, and still not to be found: ffmpeg; add /usr/bin to PATH and try again"
    );
    let offline = "echo 'W: Temporary failure resolving deb.example'; [[ $1 == update ]]";
    let offline = machine().with_program("apt-get", offline).without_program("ffprobe");
    let line = offline.failure_of("scripts/setup", &[]);
    assert!(line.starts_with("failed: there is no network"), "{line}");
    let no_rust = Tree::new().without_program("cargo");
    let line = no_rust.failure_of("scripts/setup", &[]);
    assert!(line.starts_with("failed: Rust is missing; install it from https://rustup.rs"), "{line}");
    let old = Tree::set_up().with_program("rustc", "echo 'rustc 1.70.0 (x 2023-06-01)'");
    let line = old.failure_of("scripts/setup", &[]);
    assert_eq!(line, "failed: Rust 1.70 is too old: 1.95 or later is needed; run: rustup update stable");
}

/// As on a machine with rustup and no way to its server, and Debian's packages out of reach too.
#[test]
fn a_target_that_can_be_had_nowhere_is_named_with_both_places() {
    let rustc =
        "case $* in *sysroot*) echo \"$PWD\";; *-vV*) echo 'host: here';; *) echo 'rustc 1.95.0 (x)';; esac";
    let tree = || {
        Tree::set_up()
            .with_program("rustc", rustc)
            .with_program("rustup", "echo 'error: component is not available' >&2; exit 1")
    };
    let without_linker = tree();
    let line = without_linker.failure_of("scripts/setup", &[]);
    assert!(line.contains("the target wasm32-wasip2 cannot be had from rustup nor from Debian"), "{line}");

    let offline = tree()
        .with_program("apt-cache", "exit 0")
        .with_program("apt-get", "echo 'E: Temporary failure resolving deb.example' >&2; exit 100");
    let linkers = offline.path().join("lib/rustlib/here/bin/gcc-ld");
    fs::create_dir_all(&linkers).expect("a directory");
    for linker in [linkers.join("wasm-ld"), linkers.join("../wasm-component-ld")] {
        symlink("/bin/true", linker).expect("a link");
    }
    let line = offline.failure_of("scripts/setup", &[]);
    assert!(line.starts_with("failed: there is no network"), "{line}");
}

#[test]
fn a_store_that_will_not_start_is_named_with_its_log_and_what_to_use_instead() {
    let broken = "echo 'error: cannot load a shared library' >&2; exit 127";
    let tree = Tree::set_up().with_program("redis-server", broken).with_program("java", "exit 1");
    let line = tree.failure_of("target/release/mcsp", &["up", "--fast", "--listen", "127.0.0.1:0"]);
    let log = tree.path().join(".mcsp/logs/redis.log");
    assert_eq!(
        line,
        format!(
            "mcsp: redis ended while starting: error: cannot load a shared library (log: {}); mend that, or use \
             another and name it in MCSP_REDIS_URL",
            log.canonicalize().expect("a log").display()
        )
    );
    let file = tree.path().join("a-file");
    fs::write(&file, "").expect("a file");
    let line = tree.failure_of(
        "target/release/mcsp",
        &["up", "--listen", "127.0.0.1:0", "--state-dir", &file.to_string_lossy()],
    );
    assert!(line.starts_with(&format!("mcsp: cannot create {}", file.display())), "{line}");
}

#[test]
fn a_start_that_is_interrupted_leaves_nothing_running() {
    let hanging = || {
        Tree::set_up()
            .with_program("redis-server", "touch hangs; exec sleep 1000")
            .with_program("java", "exec sleep 1000")
    };
    let interrupted = |tree: Tree, program: &str, arguments: &[&str]| {
        let script = tree.command(program, arguments).process_group(0).spawn().expect("it can be started");
        let begun = Instant::now();
        while !tree.path().join("hangs").exists() {
            assert!(begun.elapsed() < PATIENCE, "it does not come to the stores");
            std::thread::sleep(Duration::from_millis(50));
        }
        // As a terminal does it, to the whole group.
        let group = format!("-{}", script.id());
        assert!(Command::new("kill").args(["-INT", "--", &group]).status().expect("kill").success());
        let output = script.wait_with_output().expect("it ends");
        assert!(!output.status.success());
        tree.assert_nothing_runs();
    };
    interrupted(hanging(), "target/release/mcsp", &["up", "--fast", "--listen", "127.0.0.1:0"]);
    let port = free_port();
    interrupted(hanging(), "scripts/run", &["--detach", "--port", &port]);
}

#[test]
fn a_detached_platform_answers_when_the_script_returns_and_ends_when_it_is_told() {
    let tree = Tree::set_up();
    let port = free_port();
    let output = tree.run("scripts/run", &["--detach", "--port", &port]);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{text}");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.starts_with(&format!("serving on http://127.0.0.1:{port};")), "{said}");
    let health = format!("http://127.0.0.1:{port}/_mcsp/healthz");
    assert!(Command::new("curl").args(["-sf", &health]).status().expect("curl").success());
    let again = tree.run("scripts/run", &["--detach", "--port", &port]);
    let text = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(text.contains("the platform is running already"), "{text}");
    assert!(tree.run("scripts/run", &["--stop"]).status.success());
    tree.assert_nothing_runs();
    assert!(tree.run("scripts/run", &["--stop"]).status.success(), "once more changes nothing");
}

/// A stand-in for Spin that does this when it is to serve.
fn spin_that(does: &str) -> Tree {
    let version = "[[ $1 == --version ]] && { echo 'spin 4.1.0 (stand-in)'; exit; }";
    Tree::set_up().with_program("spin", &format!("{version}\n{does}"))
}

/// It answers every request, which no component has seen, in a process of its own as Spin's triggers are.
fn spin_that_answers() -> Tree {
    let answers = "\
import http.server, sys
class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    do_POST = do_GET
host, port = sys.argv[-1].split(':')
http.server.ThreadingHTTPServer((host, int(port)), Answers).serve_forever()";
    let tree =
        spin_that("python3 answers.py \"$(sed 's/.*--listen \\([^ ]*\\).*/\\1/' <<<\"$*\")\" & wait $!");
    fs::write(tree.path().join("answers.py"), answers).expect("a file");
    tree
}

#[test]
fn a_spin_that_cannot_run_the_functions_is_told_before_anything_is_started() {
    let none = Tree::set_up().without_program("spin");
    let line = none.failure_of("scripts/run", &["--spin"]);
    assert_eq!(
        line,
        "failed: there is no Spin (spin); install Spin 4.1 or later, or name its program in MCSP_SPIN"
    );
    for (says, so) in [
        ("spin 3.6.2 (x 2026-01-01)", "which has no WASI 0.3.0; Spin 4.1 or later runs the functions"),
        // Debian's package of this name is a model checker.
        ("Spin Version 6.5.2 -- 6 December 2019", "spin is not Spin: it says"),
    ] {
        let tree = Tree::set_up().with_program("spin", &format!("echo '{says}'"));
        let line =
            tree.failure_of("target/release/mcsp", &["up", "--spin", "spin", "--listen", "127.0.0.1:0"]);
        assert!(line.contains(so), "{line}");
        assert!(!tree.path().join(".mcsp/lock").exists(), "{says}: it began");
    }
}

#[test]
fn a_spin_that_will_not_start_is_named_with_its_log_and_what_to_use_instead() {
    let tree = spin_that("echo 'Error: no component can be loaded' >&2; exit 1");
    let up = ["up", "--fast", "--spin", "spin", "--listen", "127.0.0.1:0"];
    let line = tree.failure_of("target/release/mcsp", &up);
    let log = tree.path().join(".mcsp/logs/spin.log");
    assert_eq!(
        line,
        format!(
            "mcsp: spin ended while starting: Error: no component can be loaded (log: {}); mend that, or use \
             another and name it in MCSP_SPIN",
            log.display()
        )
    );
}

#[test]
fn spin_and_its_bridge_end_together_and_with_the_platform() {
    for (victim, named) in [("answers.py 127", "spin"), ("mcsp-bridge", "bridge")] {
        let tree = spin_that_answers();
        let up = ["up", "--fast", "--spin", "spin", "--listen", "127.0.0.1:0"];
        let platform = tree.command("target/release/mcsp", &up).spawn().expect("it can be started");
        let begun = Instant::now();
        while !tree.path().join(".mcsp/ready").exists() {
            assert!(begun.elapsed() < PATIENCE, "it does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
        let running = tree.running();
        let (id, _) = running.iter().find(|(_, command)| command.contains(victim)).expect("the process");
        assert!(Command::new("kill").args(["-KILL", id]).status().expect("kill").success());
        let output = platform.wait_with_output().expect("it ends");
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{text}");
        let line = text.lines().next_back().unwrap_or_default();
        assert!(line.starts_with(&format!("mcsp: {named} has ended: ")), "{text}");
        tree.assert_nothing_runs();
    }
    let tree = spin_that_answers();
    let port = free_port();
    let output = tree.run("scripts/run", &["--detach", "--spin", "--port", &port]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let health = format!("http://127.0.0.1:{port}/.well-known/spin/health");
    assert!(Command::new("curl").args(["-sf", &health]).status().expect("curl").success());
    assert!(tree.run("scripts/run", &["--stop"]).status.success());
    tree.assert_nothing_runs();
}

fn free_port() -> String {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    free.local_addr().expect("an address").port().to_string()
}
