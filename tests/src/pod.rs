//! Pods as the manifests in knative/ describe them: the same arguments, variables and probes, with what a cluster would
//! give put in their places.

use crate::client::root;
use crate::{eventually, variable};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long a container may take to end after it was asked to: less than Kubernetes gives it.
const END_MAX: Duration = Duration::from_secs(30);

/// What reads YAML.
const AS_JSON: &str =
    "import json, sys, yaml; print(json.dumps(list(yaml.safe_load_all(open(sys.argv[1])))))";

/// A document of a file below knative/base.
///
/// # Panics
/// Where there is none of this kind.
pub fn manifest(file: &str, kind: &str) -> Value {
    let path = root().join("knative/base").join(file);
    let mut python = Command::new(root().join(".mcsp/test-clients/bin/python"));
    let converted =
        python.args(["-c", AS_JSON]).arg(&path).output().expect("scripts/test, which installs it");
    assert!(converted.status.success(), "{}: {}", path.display(), String::from_utf8_lossy(&converted.stderr));
    let documents: Vec<Value> = serde_json::from_slice(&converted.stdout).expect("JSON");
    documents
        .into_iter()
        .find(|document| document["kind"] == kind)
        .unwrap_or_else(|| panic!("no {kind} in {file}"))
}

/// What a cluster would give to a pod.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// Holds the values of settings and secrets, by the names of the variables that they become.
    pub environment: PathBuf,
    /// Where services are reached.
    pub services_url: String,
    /// What the image has in `/app/precompiled`.
    pub precompiled: PathBuf,
    /// Where traces go; nowhere where it is empty.
    pub traces: String,
}

/// The containers of a pod, running on this machine.
pub struct Pod {
    containers: Vec<Container>,
    /// What its containers share.
    _dir: TempDir,
}

struct Container {
    name: String,
    process: Child,
    readiness: String,
    log: PathBuf,
}

impl Drop for Container {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

impl Pod {
    /// Starts the containers of a pod's spec side by side.
    ///
    /// # Panics
    /// When one cannot be started.
    pub fn start(spec: &Value, cluster: &Cluster) -> Pod {
        let dir = tempfile::Builder::new().prefix("mcsp-pod-").tempdir().expect("a temporary directory");
        let containers = spec["containers"].as_array().expect("containers");
        let containers = containers.iter().map(|container| start(container, cluster, dir.path())).collect();
        Pod { containers, _dir: dir }
    }

    /// Where a container serves, once its readiness probe is answered: what its log tells first after `announced`.
    pub async fn ready(&mut self, container: &str, announced: &str, probed: &str) -> String {
        let container =
            self.containers.iter_mut().find(|found| found.name == container).expect("a container");
        let log = container.log.clone();
        eventually(&format!("ready; the log is {}", log.display()), async || {
            let ended = container.process.try_wait().expect("a process of ours");
            assert!(ended.is_none(), "{} ended: {}", container.name, std::fs::read_to_string(&log).unwrap());
            let text = std::fs::read_to_string(&log).expect("a log of ours");
            let (serving, asked) = (address_after(&text, announced)?, address_after(&text, probed)?);
            let probe = reqwest::get(format!("http://{asked}{}", container.readiness)).await.ok()?;
            probe.status().is_success().then(|| format!("http://{serving}"))
        })
        .await
    }

    /// Asks all containers to end, as Kubernetes does, and tells how each has.
    ///
    /// # Panics
    /// When one has not ended in time.
    pub async fn stop(mut self) -> BTreeMap<String, ExitStatus> {
        for container in &self.containers {
            let id = i32::try_from(container.process.id()).expect("a process id");
            kill_process(Pid::from_raw(id).expect("a process id"), Signal::TERM).expect("a process of ours");
        }
        let (mut ends, asked) = (BTreeMap::new(), Instant::now());
        for container in &mut self.containers {
            let end = eventually("the container has ended", async || {
                assert!(asked.elapsed() < END_MAX, "{} does not end", container.name);
                container.process.try_wait().expect("a process of ours")
            });
            ends.insert(container.name.clone(), end.await);
        }
        ends
    }
}

fn start(spec: &Value, cluster: &Cluster, dir: &Path) -> Container {
    let name = spec["name"].as_str().expect("a name").to_owned();
    let program =
        if spec["image"].as_str().expect("an image").contains("/bridge:") { "mcsp-bridge" } else { "mcsp" };
    let log = dir.join(format!("{name}.log"));
    let written = File::create(&log).expect("a log file");
    let arguments = spec["args"].as_array().expect("arguments").iter();
    let arguments = arguments.map(|argument| here(argument.as_str().expect("a text"), cluster, dir));
    let variables = spec["env"].as_array().expect("variables").iter();
    // Secrets that may be missing are.
    let variables = variables.filter(|spec| spec["valueFrom"]["secretKeyRef"]["optional"] != true);
    let variables = variables.map(|spec| (spec["name"].as_str().expect("a name"), value_of(spec, cluster)));
    let process = Command::new(root().join("target/release").join(program))
        .args(arguments)
        .env_clear()
        .envs(variables)
        .stdin(Stdio::null())
        .stdout(written.try_clone().expect("a log file"))
        .stderr(written)
        .spawn()
        .unwrap_or_else(|error| panic!("{program}: {error}; run scripts/test, which builds it"));
    let readiness = spec["readinessProbe"]["httpGet"]["path"].as_str().expect("a path").to_owned();
    Container { name, process, readiness, log }
}

/// What the image, the volumes and the pod's own address would be.
fn here(text: &str, cluster: &Cluster, dir: &Path) -> String {
    let mut text = text
        .replace("/app/precompiled", &cluster.precompiled.display().to_string())
        .replace("/app/spin.toml", &root().join("spin.toml").display().to_string())
        .replace("/run/mcsp", &dir.display().to_string())
        .replace("/etc/mcsp/policies.toml", &root().join("tests/policies.toml").display().to_string())
        .replace("http://{service}.$(MCSP_SERVICES_DOMAIN)", &cluster.services_url);
    if let Some(port) = text.find("0.0.0.0:") {
        text.replace_range(port.., "127.0.0.1:0");
    }
    text
}

fn value_of(spec: &Value, cluster: &Cluster) -> String {
    match (spec["name"].as_str().expect("a name"), spec["value"].as_str()) {
        ("MCSP_TRUSTED_PROXIES", _) => "127.0.0.0/8".to_owned(),
        ("MCSP_SERVICES_DOMAIN", _) => "unused".to_owned(),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", _) => cluster.traces.clone(),
        ("OTEL_TRACES_SAMPLER", _) => "always_on".to_owned(),
        ("OTEL_TRACES_SAMPLER_ARG" | "OTEL_EXPORTER_OTLP_CERTIFICATE", _) => String::new(),
        // As long as an overlay says nothing else.
        (
            "SPIN_VARIABLE_WEB_ORIGINS" | "SPIN_VARIABLE_PLAYER_ORIGINS" | "SPIN_VARIABLE_CDN_FAILOVER_URLS",
            _,
        ) => "[]".to_owned(),
        // What clients register is anywhere, and so is what is fetched.
        ("MCSP_SERVICE_URL_CLIENTS" | "MCSP_SERVICE_URL_SOURCES", Some(value)) => value.to_owned(),
        (name, Some(value)) if name.starts_with("MCSP_SERVICE_URL_") => {
            assert!(value.ends_with(".$(MCSP_SERVICES_DOMAIN)"), "{value}");
            cluster.services_url.clone()
        }
        (_, Some(value)) => here(value, cluster, Path::new("")),
        (name, None) => variable(&cluster.environment, name),
    }
}

/// The address that a log tells on the first line with these words.
fn address_after(log: &str, words: &str) -> Option<String> {
    let line = log.lines().find(|line| line.contains(words))?;
    let from = line.find("127.0.0.1:")?;
    let end = line[from..].find(|c: char| !c.is_ascii_digit() && c != '.' && c != ':');
    Some(line[from..end.map_or(line.len(), |end| from + end)].to_owned())
}
