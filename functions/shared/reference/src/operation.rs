//! One operation.

use crate::refusal::PROBLEM;
use crate::{Answer, Handler, Refusal, SchemaOf, host};
use http::{HeaderName, Method};
use schemars::JsonSchema;
use std::collections::BTreeMap;

/// One operation of the API.
#[derive(Clone, Debug)]
pub struct Operation {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) id: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) description: &'static str,
    pub(crate) token: Token,
    /// Whether the platform's own token will do, too.
    pub(crate) platform: bool,
    /// Whether the token of the upload that its path names will do, too.
    pub(crate) upload: bool,
    /// Any of these will do; with none among them the token alone is enough for some.
    pub(crate) permissions: Vec<Option<&'static str>>,
    pub(crate) path_parameters: Option<SchemaOf>,
    pub(crate) query: Option<SchemaOf>,
    pub(crate) headers: Vec<(HeaderName, bool)>,
    pub(crate) body: Option<Body>,
    pub(crate) answers: Vec<Answer>,
    /// By status, media type and code.
    pub(crate) refusals: BTreeMap<(u16, &'static str, &'static str), Refusal>,
    forbidden: Option<Refusal>,
}

/// Which token an operation takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    None,
    Optional,
    Access,
    /// A client's credentials, here or in the body.
    Client,
}

#[derive(Clone, Debug)]
pub(crate) struct Body {
    /// By its media types.
    pub(crate) schemas: Vec<(&'static str, SchemaOf)>,
    pub(crate) required: bool,
}

impl Operation {
    fn new<H: Handler<A>, A>(method: Method, path: &'static str) -> Self {
        let mut operation = Operation {
            method,
            path,
            id: "",
            summary: "",
            description: "",
            token: Token::None,
            platform: false,
            upload: false,
            permissions: Vec::new(),
            path_parameters: None,
            query: None,
            headers: Vec::new(),
            body: None,
            answers: Vec::new(),
            refusals: BTreeMap::new(),
            forbidden: None,
        };
        host::failures().for_each(|failure| operation.refuse(failure));
        H::describe(&mut operation);
        operation
    }

    /// `GET path`, as the router has it.
    pub fn get<H: Handler<A>, A>(path: &'static str, _: H) -> Self {
        Self::new::<H, A>(Method::GET, path)
    }

    /// `POST path`, as the router has it.
    pub fn post<H: Handler<A>, A>(path: &'static str, _: H) -> Self {
        Self::new::<H, A>(Method::POST, path)
    }

    /// `PUT path`, as the router has it.
    pub fn put<H: Handler<A>, A>(path: &'static str, _: H) -> Self {
        Self::new::<H, A>(Method::PUT, path)
    }

    /// `PATCH path`, as the router has it.
    pub fn patch<H: Handler<A>, A>(path: &'static str, _: H) -> Self {
        Self::new::<H, A>(Method::PATCH, path)
    }

    /// `DELETE path`, as the router has it.
    pub fn delete<H: Handler<A>, A>(path: &'static str, _: H) -> Self {
        Self::new::<H, A>(Method::DELETE, path)
    }

    /// `OPTIONS path`, as the router has it.
    pub fn options<H: Handler<A>, A>(path: &'static str, _: H) -> Self {
        Self::new::<H, A>(Method::OPTIONS, path)
    }

    /// The name that generated clients give it (`publishVideo`), and what it does in a few words.
    #[must_use]
    pub fn named(mut self, id: &'static str, summary: &'static str) -> Self {
        (self.id, self.summary) = (id, summary);
        self
    }

    /// All that a client's author has to know, in Markdown.
    #[must_use]
    pub fn described(mut self, description: &'static str) -> Self {
        self.description = description;
        self
    }

    /// The caller needs this permission.
    #[must_use]
    pub fn requires(self, permission: impl Into<&'static str>) -> Self {
        self.requires_one_of([Some(permission)])
    }

    /// Which permission the caller needs depends on what is asked for; `None` where none is needed.
    #[must_use]
    pub fn requires_one_of<P: Into<&'static str>>(
        mut self,
        permissions: impl IntoIterator<Item = Option<P>>,
    ) -> Self {
        self.permissions = permissions.into_iter().map(|permission| permission.map(Into::into)).collect();
        if let Some(forbidden) = self.forbidden.take() {
            self.refuse(forbidden);
        }
        self
    }

    /// It is for clients, which authenticate by HTTP Basic or in the body (RFC 6749, section 2.3.1).
    #[must_use]
    pub fn takes_client(mut self) -> Self {
        self.token = Token::Client;
        self
    }

    /// A header that the handler reads by itself, where it is sent.
    #[must_use]
    pub fn takes_header(mut self, name: HeaderName) -> Self {
        self.take_header(name, false);
        self
    }

    /// What stands in a query that the handler reads by itself.
    #[must_use]
    pub fn takes_query<T: JsonSchema>(mut self) -> Self {
        self.take_query::<T>();
        self
    }

    /// The fields of a body that the handler reads by itself.
    #[must_use]
    pub fn takes_body<T: JsonSchema>(mut self, media_type: &'static str) -> Self {
        self.take_body::<T>(media_type);
        self
    }

    /// One way in which it succeeds.
    #[must_use]
    pub fn answers(mut self, answer: Answer) -> Self {
        self.answers.push(answer);
        self
    }

    /// The refusals that it answers with beside those of its extractors.
    #[must_use]
    pub fn refuses<R: Into<Refusal>>(mut self, refusals: impl IntoIterator<Item = R>) -> Self {
        refusals.into_iter().for_each(|refusal| self.refuse(refusal));
        self
    }

    /// Takes back a code that one of its extractors may give elsewhere, but not here.
    #[must_use]
    pub fn never(mut self, code: &str) -> Self {
        self.refusals.retain(|(_, _, known), _| *known != code);
        self
    }

    /// For extractors: one way of refusing.
    pub fn refuse(&mut self, refusal: impl Into<Refusal>) {
        let refusal = refusal.into();
        let media_type = refusal.document.map_or(PROBLEM, |document| document.media_type);
        self.refusals.entry((refusal.status.as_u16(), media_type, refusal.code)).or_insert(refusal);
    }

    /// For extractors: the parameters of the path, in their order.
    pub fn take_path<T: JsonSchema>(&mut self) {
        self.path_parameters = Some(|generator| generator.subschema_for::<T>());
    }

    /// For extractors: the parameters of the query, which are the fields of a struct.
    pub fn take_query<T: JsonSchema>(&mut self) {
        self.query = Some(|generator| generator.subschema_for::<T>());
    }

    /// For extractors: a header.
    pub fn take_header(&mut self, name: HeaderName, required: bool) {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, required));
    }

    /// For extractors: the body.
    pub fn take_body<T: JsonSchema>(&mut self, media_type: &'static str) {
        self.body = Some(Body { schemas: Vec::new(), required: true });
        self.or_body::<T>(media_type);
        host::of_bodies().for_each(|refusal| self.refuse(refusal));
    }

    /// For extractors: the body may be of another media type, too.
    pub fn or_body<T: JsonSchema>(&mut self, media_type: &'static str) {
        if let Some(body) = &mut self.body {
            body.schemas.push((media_type, |generator| generator.subschema_for::<T>()));
        }
    }

    /// The body may be left out.
    pub(crate) fn body_is_optional(&mut self) {
        if let Some(body) = &mut self.body {
            body.required = false;
        }
    }

    /// For extractors: an access token, and how one is refused that lacks a permission.
    pub fn take_access_token(&mut self, forbidden: impl Into<Refusal>) {
        self.token = Token::Access;
        self.forbidden = Some(forbidden.into());
    }

    /// For extractors: an access token, if there is one.
    pub fn take_optional_access_token(&mut self) {
        self.token = Token::Optional;
    }

    /// For extractors: the token that the platform's own parts show each other, instead of an access token.
    pub fn take_platform_token(&mut self) {
        self.platform = true;
    }

    /// For extractors: the token of the upload that the path names, instead of an access token.
    pub fn take_upload_token(&mut self) {
        self.upload = true;
    }
}
