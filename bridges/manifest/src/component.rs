//! One component of the application.

use crate::settings::is_name;
use crate::variables::Template;
use crate::{ManifestError, Settings, schema};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// One component: what serves a set of routes.
#[derive(Clone, Debug)]
pub struct Component {
    /// Its key in the manifest.
    pub id: String,
    /// The `.wasm` file.
    pub source: PathBuf,
    /// Hosts that it may call itself, under stock Spin. Templates are not resolved.
    pub allowed_outbound_hosts: Vec<String>,
    /// What satisfies its imports under stock Spin, by the name of the import.
    pub dependencies: BTreeMap<String, Dependency>,
    /// Commands that build it, in order.
    pub build: Vec<String>,
    /// Grants and limits.
    pub settings: Settings,
    pub(crate) variables: BTreeMap<String, Template>,
}

/// What satisfies an import under stock Spin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dependency {
    /// A `.wasm` file.
    Local(PathBuf),
    /// Another component of the application.
    Component(String),
    /// A package of a registry or a file at an address.
    Remote,
}

impl Component {
    /// Whose it is: its service's, or its own where it belongs to none.
    pub fn service(&self) -> &str {
        self.settings.grants.service.as_deref().unwrap_or(&self.id)
    }

    pub(crate) fn read(
        id: String,
        mut written: schema::Component,
        base: &Path,
    ) -> Result<Self, ManifestError> {
        if !is_name(&id) {
            return Err(ManifestError::component(
                &id,
                "id",
                "a component's id is lower case letters, digits and hyphens",
            ));
        }
        let schema::Source::Path(source) = written.source else {
            return Err(ManifestError::component(&id, "source", "only files are supported, no addresses"));
        };
        let mut variables = BTreeMap::new();
        for (name, text) in written.variables {
            let template = Template::parse(&text).map_err(|problem| {
                ManifestError::component(&id, "variables", format!("`{name}`: {problem}"))
            })?;
            variables.insert(name, template);
        }
        let settings = Settings::read(&id, written.tool.remove("mcsp"))?;
        Ok(Component {
            source: base.join(source),
            allowed_outbound_hosts: written.allowed_outbound_hosts,
            dependencies: written
                .dependencies
                .into_iter()
                .map(|(import, dependency)| (import, Dependency::read(dependency, base)))
                .collect(),
            build: match written.build.map(|build| build.command) {
                None => Vec::new(),
                Some(schema::Command::One(command)) => vec![command],
                Some(schema::Command::Many(commands)) => commands,
            },
            settings,
            variables,
            id,
        })
    }
}

impl Dependency {
    fn read(written: schema::Dependency, base: &Path) -> Self {
        match written {
            schema::Dependency::Local { path } => Dependency::Local(base.join(path)),
            schema::Dependency::Component { component } => Dependency::Component(component),
            schema::Dependency::Remote(_) => Dependency::Remote,
        }
    }
}
