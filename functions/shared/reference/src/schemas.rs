//! The schemas of requests and answers. They differ: a field that a request may leave out is in every answer.

use crate::SchemaOf;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value};

/// Where an OpenAPI document keeps them.
const PLACE: &str = "/components/schemas";

pub(crate) struct Schemas {
    requests: SchemaGenerator,
    answers: SchemaGenerator,
}

impl Default for Schemas {
    fn default() -> Self {
        Schemas {
            requests: settings().for_deserialize().into_generator(),
            answers: settings().for_serialize().into_generator(),
        }
    }
}

impl Schemas {
    pub(crate) fn of_request(&mut self, schema: SchemaOf) -> Value {
        schema(&mut self.requests).to_value()
    }

    pub(crate) fn of_answer(&mut self, schema: SchemaOf) -> Value {
        schema(&mut self.answers).to_value()
    }

    /// All that were referred to, by name. Faults are names that stand for two things.
    pub(crate) fn finish(mut self, faults: &mut Vec<String>) -> Map<String, Value> {
        let mut all = self.answers.take_definitions(true);
        for (name, schema) in self.requests.take_definitions(true) {
            match all.get(&name) {
                Some(other) if *other != schema => {
                    faults.push(format!("schema {name}: it is another one in requests than in answers"));
                }
                _ => drop(all.insert(name, schema)),
            }
        }
        // Where two types have the same name, the generator numbers them.
        let numbered: Vec<_> =
            all.keys().filter(|name| name.ends_with(|c: char| c.is_ascii_digit())).collect();
        for name in numbered {
            faults.push(format!(
                "schema {name}: several types have this name: rename them (#[schemars(rename)])"
            ));
        }
        all
    }
}

/// The schema of parameters, which stand alone.
pub(crate) fn of_parameters(schema: SchemaOf) -> Value {
    let mut settings = settings().for_deserialize();
    settings.inline_subschemas = true;
    schema(&mut settings.into_generator()).to_value()
}

fn settings() -> SchemaSettings {
    SchemaSettings::draft2020_12().with(|settings| {
        settings.meta_schema = None;
        settings.definitions_path = PLACE.into();
        settings.transforms.push(Box::new(RecursiveTransform(without_null_default)));
    })
}

/// A field that may be left out is not therefore null.
fn without_null_default(schema: &mut Schema) {
    if schema.get("default").is_some_and(Value::is_null) {
        schema.remove("default");
    }
}
