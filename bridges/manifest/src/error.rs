//! Why a manifest is refused, with the place in it.

use std::path::PathBuf;

/// Why a manifest is refused. All of these are mistakes of whoever wrote it.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// The file could not be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not TOML, or not a manifest that this crate knows; the message names line and key.
    #[error("not a Spin manifest of version 2: {0}")]
    Syntax(#[from] toml::de::Error),
    /// `spin_manifest_version` is not 2.
    #[error("spin_manifest_version is {0}, only 2 is supported")]
    Version(u32),
    /// A key under `[component.<id>.tool.mcsp]` is unknown or has the wrong type.
    #[error("component `{component}`, tool.mcsp: {source}")]
    Settings {
        /// The component.
        component: String,
        /// Which key, and why.
        source: toml::de::Error,
    },
    /// A setting is well formed, but cannot be.
    #[error("component `{component}`, {key}: {problem}")]
    Component {
        /// The component.
        component: String,
        /// The key, as it is written in the manifest.
        key: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// A route that leads nowhere, or cannot be parsed.
    #[error("route `{route}`: {problem}")]
    Route {
        /// The route, as it is written in the manifest.
        route: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Two routes match the same paths.
    #[error(
        "routes `{first}` (component `{first_component}`) and `{second}` (component `{second_component}`) match the same paths"
    )]
    DuplicateRoute {
        /// The route that stands first.
        first: String,
        /// Its component.
        first_component: String,
        /// The route that stands later.
        second: String,
        /// Its component.
        second_component: String,
    },
    /// A part of the application was asked for that it does not have.
    #[error("no component belongs to a service `{name}`")]
    Service {
        /// What was asked for.
        name: String,
    },
    /// An application variable cannot be.
    #[error("variable `{name}`: {problem}")]
    Variable {
        /// The variable.
        name: String,
        /// What is wrong with it.
        problem: &'static str,
    },
}

impl ManifestError {
    pub(crate) fn component(component: &str, key: &'static str, problem: impl Into<String>) -> Self {
        ManifestError::Component { component: component.to_owned(), key, problem: problem.into() }
    }

    pub(crate) fn route(route: &str, problem: impl Into<String>) -> Self {
        ManifestError::Route { route: route.to_owned(), problem: problem.into() }
    }
}
