//! A success, or a failure that is no problem document.

use crate::SchemaOf;
use http::{HeaderName, StatusCode};
use schemars::JsonSchema;

/// One way in which an operation answers.
#[derive(Clone, Debug)]
pub struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) description: &'static str,
    pub(crate) body: Option<(&'static str, SchemaOf)>,
    /// Each with whether every such answer has it.
    pub(crate) headers: Vec<(HeaderName, bool)>,
}

impl Answer {
    /// An answer without a body.
    pub fn empty(status: StatusCode, description: &'static str) -> Self {
        Answer { status, description, body: None, headers: Vec::new() }
    }

    /// An answer with a JSON body.
    pub fn json<T: JsonSchema>(status: StatusCode, description: &'static str) -> Self {
        Self::of::<T>("application/json", status, description)
    }

    /// An answer with a body of another media type.
    pub fn of<T: JsonSchema>(
        media_type: &'static str,
        status: StatusCode,
        description: &'static str,
    ) -> Self {
        let schema: SchemaOf = |generator| generator.subschema_for::<T>();
        Answer { body: Some((media_type, schema)), ..Self::empty(status, description) }
    }

    /// Each such answer has this header.
    #[must_use]
    pub fn with(mut self, header: HeaderName) -> Self {
        self.headers.push((header, true));
        self
    }

    /// Such answers have this header where there is reason for it.
    #[must_use]
    pub fn sometimes_with(mut self, header: HeaderName) -> Self {
        self.headers.push((header, false));
        self
    }
}
