//! How an operation refuses or fails.

use crate::SchemaOf;
use http::{HeaderName, StatusCode};
use schemars::JsonSchema;

/// The media type of problem documents (RFC 9457).
pub(crate) const PROBLEM: &str = "application/problem+json";

/// One way in which an operation refuses or fails, told by a stable code.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// Its status.
    pub status: StatusCode,
    /// Its stable code.
    pub code: &'static str,
    /// Its title.
    pub title: &'static str,
    /// The headers that come with it.
    pub headers: Vec<HeaderName>,
    /// The document that tells of it; none for a plain problem document.
    pub document: Option<RefusalDocument>,
}

/// A document that tells of refusals in another way, or tells more.
#[derive(Clone, Copy, Debug)]
pub struct RefusalDocument {
    pub(crate) media_type: &'static str,
    pub(crate) schema: SchemaOf,
    /// The members with the code and with the title.
    pub(crate) members: (&'static str, &'static str),
}

impl Refusal {
    /// Told by a problem document that has more members than others.
    #[must_use]
    pub fn with_members_of<T: JsonSchema>(self) -> Self {
        self.told_by::<T>(PROBLEM, ("code", "title"))
    }

    /// Told by another document, in which these members hold the code and the title.
    #[must_use]
    pub fn told_by<T: JsonSchema>(
        self,
        media_type: &'static str,
        members: (&'static str, &'static str),
    ) -> Self {
        Refusal { document: Some(RefusalDocument::new::<T>(media_type, members)), ..self }
    }
}

impl RefusalDocument {
    pub(crate) fn new<T: JsonSchema>(
        media_type: &'static str,
        members: (&'static str, &'static str),
    ) -> Self {
        RefusalDocument { media_type, schema: |generator| generator.subschema_for::<T>(), members }
    }
}
