//! A function without a store: what the runner costs by itself.

use super::{Bench, steady};
use crate::load::Load;
use crate::page::{Goal, Row};
use crate::process::{Server, free_address, own_program, peer};
use mcsp_tests::root;
use std::fmt::Write;
use std::path::PathBuf;
use std::process::Command;

const CONNECTIONS: u32 = 32;
pub(super) const ANSWER: &str = "hello";

pub(super) fn measure(bench: &Bench) -> anyhow::Result<Vec<Row>> {
    let load = Load::get("/hello", CONNECTIONS, ANSWER);
    let (runner, twin) = (serve(bench, 1, &[])?, twin()?);
    let [wasm, native] = bench.compare(&load, [&runner.url(), &twin.url()])?;
    let mut rows = vec![Row {
        figure: "hello: runner ÷ native axum, req/s".to_owned(),
        samples: wasm.per_second.over(&native.per_second),
        unit: "",
        goal: Some(Goal::AtLeast(0.5)),
        made_of: format!("runner {wasm}; native {native}; {CONNECTIONS} connections"),
    }];
    let (urls, capacity) = ([runner.url(), twin.url()], wasm.per_second.median());
    rows.push(steady::latency(bench, "hello", &load, urls.each_ref().map(String::as_str), capacity)?);
    drop(twin);
    let single = serve(bench, 1, &["--no-reuse"])?;
    let [reused, anew] = bench.compare(&load, [&runner.url(), &single.url()])?;
    rows.push(Row {
        figure: "hello: instances reused ÷ an instance for each request, req/s".to_owned(),
        samples: reused.per_second.over(&anew.per_second),
        unit: "",
        goal: Some(Goal::AtLeast(2.5)),
        made_of: format!("reused {reused}; anew {anew}"),
    });
    drop(single);
    for (name, goal, peer) in
        [("`wasmtime serve`", Some(Goal::AtLeast(1.3)), wasmtime()?), ("Spin", None, spin(bench)?)]
    {
        let Some(peer) = peer else { continue };
        let [ours, theirs] = bench.compare(&load, [&runner.url(), &peer.url()])?;
        rows.push(Row {
            figure: format!("hello: runner ÷ {name}, req/s"),
            samples: ours.per_second.over(&theirs.per_second),
            unit: "",
            goal,
            made_of: format!("runner {ours}; {name} {theirs}"),
        });
    }
    Ok(rows)
}

/// The runner, with so many components that are all hello.
pub(super) fn serve(bench: &Bench, components: usize, arguments: &[&str]) -> anyhow::Result<Server> {
    let address = free_address()?;
    let mut command = Command::new(own_program("mcsp")?);
    command
        .arg("serve")
        .arg("--manifest")
        .arg(manifest(bench, components)?)
        .arg("--cache-dir")
        .arg(bench.scratch().join("cache"))
        .args(["--listen", &address.to_string()])
        .args(arguments);
    Server::start(command, address, "/hello")
}

fn twin() -> anyhow::Result<Server> {
    let address = free_address()?;
    let mut command = Command::new(own_program("mcsp-bench")?);
    command.args(["twin", "hello", "--listen", &address.to_string()]);
    Server::start(command, address, "/hello")
}

fn wasmtime() -> anyhow::Result<Option<Server>> {
    let Some(program) = peer("MCSP_BENCH_WASMTIME", "wasmtime") else { return Ok(None) };
    let address = free_address()?;
    let mut command = Command::new(program);
    command.args(["serve", "-S", "cli,p3", "-W", "component-model-async", "--addr", &address.to_string()]);
    command.arg(component());
    Server::start(command, address, "/hello").map(Some)
}

fn spin(bench: &Bench) -> anyhow::Result<Option<Server>> {
    let Some(program) = peer("MCSP_BENCH_SPIN", "spin") else { return Ok(None) };
    let address = free_address()?;
    let mut command = Command::new(program);
    command.arg("up").arg("--quiet").arg("-f").arg(manifest(bench, 1)?);
    command.args(["--listen", &address.to_string()]).current_dir(bench.scratch());
    // What serves is a child of it.
    Ok(Some(Server::start(command, address, "/hello")?.with_children()))
}

fn component() -> PathBuf {
    root().join("target/wasm32-wasip2/release/hello.wasm")
}

/// Writes a manifest whose components are all hello: the first at `/hello`, the others at `/hello/1` and so on. To Spin each word of
/// an id begins with a letter.
fn manifest(bench: &Bench, components: usize) -> anyhow::Result<PathBuf> {
    let source = component().canonicalize()?;
    let mut text =
        "spin_manifest_version = 2\n[application]\nname = \"bench\"\nversion = \"1.0.0\"\n".to_owned();
    for n in 0..components {
        let route = if n == 0 { "/hello".to_owned() } else { format!("/hello/{n}") };
        write!(
            text,
            "[[trigger.http]]\nroute = {route:?}\ncomponent = \"hello-c{n}\"\n\
             [component.hello-c{n}]\nsource = {source:?}\n"
        )?;
    }
    let path = bench.scratch().join(format!("hello-{components}.toml"));
    std::fs::write(&path, text)?;
    Ok(path)
}
