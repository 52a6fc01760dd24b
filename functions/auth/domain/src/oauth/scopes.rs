//! What a client asks for, and what it gets.

use crate::{Client, Scope};
use mcsp_access::Permission;
use std::fmt;

/// Scopes, none twice, in the order in which they were asked for (RFC 6749 section 3.3).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes(Vec<Scope>);

/// A scope that does not exist, or that the client may not ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the scope is unknown, or not one that the client is registered for")]
pub struct InvalidScope;

impl Scopes {
    /// What a client asks for. Without the parameter it is all that the client is registered for.
    pub fn requested(text: Option<&str>, client: &Client) -> Result<Self, InvalidScope> {
        let allowed = Scopes(client.details.scopes.clone());
        match text {
            None => Ok(allowed),
            Some(text) => Scopes::parse(text)
                .filter(|scopes| !scopes.0.is_empty() && scopes.are_within(&allowed))
                .ok_or(InvalidScope),
        }
    }

    /// Reads a list as the protocol and rows write it.
    pub fn parse(text: &str) -> Option<Self> {
        let mut scopes = Vec::new();
        for name in text.split(' ').filter(|name| !name.is_empty()) {
            let scope = Scope::parse(name)?;
            if !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
        Some(Scopes(scopes))
    }

    /// Whether one of them has this name.
    pub fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|scope| scope.as_str() == name)
    }

    /// Whether the others hold all of them.
    pub fn are_within(&self, others: &Scopes) -> bool {
        self.0.iter().all(|scope| others.0.contains(scope))
    }

    /// These, and those of the others that are not among them.
    #[must_use]
    pub fn with(mut self, others: &Scopes) -> Self {
        let new: Vec<Scope> = others.0.iter().filter(|scope| !self.0.contains(scope)).cloned().collect();
        self.0.extend(new);
        self
    }

    /// Those that the client is still registered for, of what a row says that it was given. None where there was
    /// something, and nothing is left of it.
    pub fn left_of(given: &str, client: &Client) -> Option<Self> {
        let mut given = given.split(' ').filter(|name| !name.is_empty()).peekable();
        let was_nothing = given.peek().is_none();
        let registered =
            |name: &str| client.details.scopes.iter().find(|scope| scope.as_str() == name).cloned();
        let left = Scopes(given.filter_map(registered).collect());
        (was_nothing || !left.is_empty()).then_some(left)
    }

    /// Those of them that are permissions.
    #[must_use]
    pub fn permissions(mut self) -> Self {
        self.0.retain(|scope| Permission::from_name(scope.as_str()).is_some());
        self
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(Scope::as_str)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.names().collect::<Vec<_>>().join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::client;
    use super::*;

    #[test]
    fn a_client_gets_what_it_asks_for_and_is_registered_for() {
        let client = client();
        for (asked, given) in [
            (None, Some("openid email content.edit")),
            (Some("openid"), Some("openid")),
            (Some("content.edit openid content.edit"), Some("content.edit openid")),
            (Some(" openid  email "), Some("openid email")),
            (Some(""), None),
            (Some(" "), None),
            (Some("openid content.publish"), None),
            (Some("OPENID"), None),
            (Some("nothing.known"), None),
        ] {
            let scopes = Scopes::requested(asked, &client).ok().map(|scopes| scopes.to_string());
            assert_eq!(scopes.as_deref(), given, "{asked:?}");
        }
    }

    #[test]
    fn what_a_client_was_given_is_limited_to_what_it_is_registered_for() {
        let client = client();
        for (given, left) in [
            ("openid email", Some("openid email")),
            ("content.publish content.edit openid", Some("content.edit openid")),
            // A scope that there is no more.
            ("openid content.levitate", Some("openid")),
            ("content.publish", None),
            ("", Some("")),
        ] {
            let scopes = Scopes::left_of(given, &client).map(|scopes| scopes.to_string());
            assert_eq!(scopes.as_deref(), left, "{given}");
        }
    }

    #[test]
    fn scopes_can_be_compared_and_joined() {
        let scopes = |text: &str| Scopes::parse(text).unwrap();
        assert!(scopes("openid").are_within(&scopes("email openid")));
        assert!(!scopes("openid email").are_within(&scopes("openid")));
        assert_eq!(scopes("openid").with(&scopes("email openid")).to_string(), "openid email");
        assert_eq!(scopes("openid content.publish").permissions().to_string(), "content.publish");
    }
}
