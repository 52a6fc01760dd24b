//! The manifest as it is written. Unknown keys are refused where Spin refuses them too.

use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Document {
    pub spin_manifest_version: u32,
    pub application: Application,
    #[serde(default)]
    pub variables: BTreeMap<String, Variable>,
    #[serde(default)]
    pub trigger: Triggers,
    #[serde(default)]
    pub component: BTreeMap<String, Component>,
}

#[derive(Deserialize)]
pub(crate) struct Application {
    pub name: String,
    #[serde(default)]
    pub version: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Variable {
    pub default: Option<String>,
    #[serde(default)]
    pub required: bool,
    #[serde(default)]
    pub secret: bool,
    #[serde(default, rename = "description")]
    _description: Option<String>,
}

/// Only HTTP: events reach a component through the bridge's consumers.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(crate) struct Triggers {
    #[serde(default)]
    pub http: Vec<HttpTrigger>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HttpTrigger {
    pub route: RouteSpec,
    pub component: String,
    #[serde(default, rename = "id")]
    _id: Option<String>,
    #[serde(default, rename = "executor")]
    _executor: Option<toml::Table>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum RouteSpec {
    Path(String),
    Private { private: bool },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Component {
    pub source: Source,
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
    #[serde(default)]
    pub allowed_outbound_hosts: Vec<String>,
    #[serde(default)]
    pub dependencies: BTreeMap<String, Dependency>,
    pub build: Option<Build>,
    #[serde(default)]
    pub tool: BTreeMap<String, toml::Table>,
    #[serde(default, rename = "dependencies_inherit_configuration")]
    _dependencies_inherit_configuration: bool,
    #[serde(default, rename = "description")]
    _description: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Source {
    Path(String),
    Remote {
        #[serde(rename = "url")]
        _url: String,
    },
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Dependency {
    Local { path: String },
    Component { component: String },
    Remote(#[expect(dead_code, reason = "only Spin fetches packages")] toml::Value),
}

#[derive(Deserialize)]
pub(crate) struct Build {
    pub command: Command,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Command {
    One(String),
    Many(Vec<String>),
}
