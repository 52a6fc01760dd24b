//! The application: its components, its routes, and what follows from them.

use crate::component::Component;
use crate::variables::Variable;
use crate::{ManifestError, Router, dead_letter_topic, route, schema};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A manifest that holds together: routes lead to components, variables exist, grants make sense.
#[derive(Clone, Debug)]
pub struct Manifest {
    /// The application's name.
    pub name: String,
    /// The application's version.
    pub version: String,
    /// Application variables by name.
    pub variables: BTreeMap<String, Variable>,
    /// Public routes, in the order of the manifest.
    pub routes: Vec<Route>,
    /// Components by id.
    pub components: BTreeMap<String, Component>,
}

/// A route and the component that serves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// As it is written: `/v1/videos/:id`, `/v1/...`.
    pub path: String,
    /// The component's id.
    pub component: String,
}

impl Manifest {
    /// Reads a file; paths in it are relative to its directory.
    pub fn load(path: &Path) -> Result<Self, ManifestError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ManifestError::Read { path: path.to_owned(), source })?;
        Self::parse(&text, path.parent().unwrap_or(Path::new("")))
    }

    /// Reads a text; paths in it are relative to `base`.
    pub fn parse(text: &str, base: &Path) -> Result<Self, ManifestError> {
        let document: schema::Document = toml::from_str(text)?;
        if document.spin_manifest_version != 2 {
            return Err(ManifestError::Version(document.spin_manifest_version));
        }
        let mut variables = BTreeMap::new();
        for (name, written) in document.variables {
            let variable = Variable::read(&name, written)?;
            variables.insert(name, variable);
        }
        let mut components = BTreeMap::new();
        for (id, written) in document.component {
            let component = Component::read(id.clone(), written, base)?;
            components.insert(id, component);
        }
        let manifest = Manifest {
            name: document.application.name,
            version: document.application.version,
            variables,
            routes: read_routes(document.trigger)?,
            components,
        };
        manifest.check_routes()?;
        manifest.check_templates()?;
        Ok(manifest)
    }

    /// Finds the component of a path.
    pub fn router(&self) -> Result<Router<String>, ManifestError> {
        Router::new(self.routes.iter().map(|route| (route.path.as_str(), route.component.clone())))
    }

    /// Every topic that a component produces or consumes, and the dead-letter topic of each.
    pub fn topics(&self) -> BTreeSet<String> {
        self.components
            .values()
            .flat_map(|component| {
                let grants = &component.settings.grants;
                grants.produces.iter().chain(&grants.consumes)
            })
            .flat_map(|topic| [topic.clone(), dead_letter_topic(topic)])
            .collect()
    }

    /// Every service that a component belongs to.
    pub fn services(&self) -> BTreeSet<&str> {
        self.components.values().filter_map(|c| c.settings.grants.service.as_deref()).collect()
    }

    /// The components of one service.
    pub fn components_of<'a>(&'a self, service: &'a str) -> impl Iterator<Item = &'a Component> {
        self.components.values().filter(move |c| c.settings.grants.service.as_deref() == Some(service))
    }

    /// The part of the application that these services are, and what belongs to no service.
    pub fn only(mut self, services: &BTreeSet<String>) -> Result<Self, ManifestError> {
        if let Some(unknown) = services.iter().find(|name| !self.services().contains(name.as_str())) {
            return Err(ManifestError::Service { name: unknown.clone() });
        }
        self.components.retain(|_, component| {
            component.settings.grants.service.as_ref().is_none_or(|service| services.contains(service))
        });
        self.routes.retain(|route| self.components.contains_key(&route.component));
        Ok(self)
    }

    fn check_routes(&self) -> Result<(), ManifestError> {
        for route in &self.routes {
            if !self.components.contains_key(&route.component) {
                let problem = format!("there is no component `{}`", route.component);
                return Err(ManifestError::route(&route.path, problem));
            }
        }
        route::refuse_duplicates(
            self.routes.iter().map(|route| (route.path.as_str(), route.component.as_str())),
        )?;
        let router = self.router()?;
        for component in self.components.values() {
            if let Some(path) = &component.settings.grants.events_path
                && router.find(path) != Some(&component.id)
            {
                return Err(ManifestError::component(
                    &component.id,
                    "events_path",
                    format!("no [[trigger.http]] leads `{path}` to this component"),
                ));
            }
        }
        Ok(())
    }

    fn check_templates(&self) -> Result<(), ManifestError> {
        for component in self.components.values() {
            for (name, template) in &component.variables {
                if let Some(unknown) = template.names().find(|name| !self.variables.contains_key(*name)) {
                    return Err(ManifestError::component(
                        &component.id,
                        "variables",
                        format!("`{name}`: there is no application variable `{unknown}`"),
                    ));
                }
            }
        }
        Ok(())
    }
}

fn read_routes(triggers: schema::Triggers) -> Result<Vec<Route>, ManifestError> {
    let mut routes = Vec::new();
    for trigger in triggers.http {
        match trigger.route {
            schema::RouteSpec::Path(path) => routes.push(Route { path, component: trigger.component }),
            schema::RouteSpec::Private { private: true } => {}
            schema::RouteSpec::Private { private: false } => {
                return Err(ManifestError::route(
                    "{ private = false }",
                    format!(
                        "component `{}`: a path or `{{ private = true }}` is expected",
                        trigger.component
                    ),
                ));
            }
        }
    }
    Ok(routes)
}
