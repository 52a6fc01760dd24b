//! Variables: the application's, and the components' made of them by `{{ templates }}`.
//!
//! An application variable takes the value that the caller's look-up gives, as stock Spin takes it from
//! `SPIN_VARIABLE_<NAME>`, and its default otherwise.

use crate::{Manifest, ManifestError, schema};
use std::collections::{BTreeMap, HashMap};
use std::fmt;

/// An application variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// The value where none is given; a required variable has none.
    pub default: Option<String>,
    /// Whether it must never be shown.
    pub secret: bool,
}

impl Variable {
    pub(crate) fn read(name: &str, written: schema::Variable) -> Result<Self, ManifestError> {
        let refuse = |problem| Err(ManifestError::Variable { name: name.to_owned(), problem });
        if !name.starts_with(|c: char| c.is_ascii_lowercase())
            || !name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        {
            return refuse("a variable's name is lower case letters, digits and underscores");
        }
        match (written.default, written.required) {
            (Some(_), true) => refuse("it is either required or has a default"),
            (None, false) => refuse("it needs a default, or `required = true`"),
            (default, _) => Ok(Variable { default, secret: written.secret }),
        }
    }
}

/// Looks an application variable up where stock Spin does: `SPIN_VARIABLE_BRIDGE_URL` for `bridge_url`.
pub fn environment(name: &str) -> Option<String> {
    std::env::var(format!("SPIN_VARIABLE_{}", name.to_ascii_uppercase())).ok()
}

/// Why a variable has no value.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum VariableError {
    /// A required variable was not given.
    #[error("variable `{name}` is required: set SPIN_VARIABLE_{}", name.to_ascii_uppercase())]
    Missing {
        /// The application variable.
        name: String,
    },
}

/// The values of all components' variables. Its `Debug` shows none.
#[derive(Clone, Default)]
pub struct Variables(HashMap<String, BTreeMap<String, String>>);

impl Variables {
    /// Resolves all templates. `lookup` gives the values that stand above the defaults: [`environment`],
    /// or what the caller made itself.
    pub fn resolve(
        manifest: &Manifest,
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, VariableError> {
        let mut all = HashMap::new();
        for component in manifest.components.values() {
            let mut values = BTreeMap::new();
            for (name, template) in &component.variables {
                let value = template.fill(|variable| {
                    lookup(variable)
                        .or_else(|| manifest.variables.get(variable).and_then(|v| v.default.clone()))
                })?;
                values.insert(name.clone(), value);
            }
            all.insert(component.id.clone(), values);
        }
        Ok(Variables(all))
    }

    /// The values of one component, by name.
    pub fn of(&self, component: &str) -> BTreeMap<String, String> {
        self.0.get(component).cloned().unwrap_or_default()
    }
}

impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Variables").finish_non_exhaustive()
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(String),
    Variable(String),
}

impl Template {
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((literal, after)) = rest.split_once("{{") {
            let (name, after) = after.split_once("}}").ok_or("`{{` without `}}`")?;
            parts.push(Part::Literal(literal.to_owned()));
            parts.push(Part::Variable(name.trim().to_owned()));
            rest = after;
        }
        parts.push(Part::Literal(rest.to_owned()));
        Ok(Template(parts))
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Literal(_) => None,
            Part::Variable(name) => Some(name.as_str()),
        })
    }

    fn fill(&self, value: impl Fn(&str) -> Option<String>) -> Result<String, VariableError> {
        let mut filled = String::new();
        for part in &self.0 {
            match part {
                Part::Literal(text) => filled.push_str(text),
                Part::Variable(name) => match value(name) {
                    Some(text) => filled.push_str(&text),
                    None => return Err(VariableError::Missing { name: name.clone() }),
                },
            }
        }
        Ok(filled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_filled_wherever_a_variable_stands() {
        let template = Template::parse("{{ scheme }}://{{host}}/x").unwrap();
        let filled = template.fill(|name| Some(name.to_uppercase())).unwrap();
        assert_eq!(filled, "SCHEME://HOST/x");
    }

    #[test]
    fn a_text_without_braces_is_itself() {
        assert_eq!(Template::parse("a } b { c").unwrap().fill(|_| None).unwrap(), "a } b { c");
    }

    #[test]
    fn an_open_brace_is_refused() {
        assert!(Template::parse("{{ a }} {{ b").is_err());
    }
}
