//! The fields that describe a client, parsed in one place for its registration and for its edit.

use auth_domain::{
    ClientDetails, ClientName, GrantType, InvalidClient, InvalidUri, LogoutUri, REDIRECT_URIS_MAX,
    RedirectUri, SCOPES_MAX, Scope,
};
use mcsp_problem::{Invalid, Problem, Reason};

pub(crate) fn name(text: &str) -> Result<ClientName, Reason> {
    ClientName::parse(text)
        .ok_or_else(|| Reason::new("invalid_name", "must be 1 to 80 characters long, and printable"))
}

pub(crate) fn redirect_uris(texts: &[String], invalid: &mut Invalid) -> Option<Vec<RedirectUri>> {
    let parse = |text: &str| RedirectUri::parse(text).map_err(uri_reason);
    items("/redirect_uris", texts, REDIRECT_URIS_MAX, invalid, parse)
}

pub(crate) fn post_logout_redirect_uris(texts: &[String], invalid: &mut Invalid) -> Option<Vec<LogoutUri>> {
    items("/post_logout_redirect_uris", texts, REDIRECT_URIS_MAX, invalid, logout_uri)
}

pub(crate) fn logout_uri(text: &str) -> Result<LogoutUri, Reason> {
    LogoutUri::parse(text).map_err(uri_reason)
}

pub(crate) fn grant_types(names: &[String], invalid: &mut Invalid) -> Option<Vec<GrantType>> {
    items("/grant_types", names, GrantType::ALL.len(), invalid, |name| {
        GrantType::from_name(name).ok_or_else(|| {
            let known = GrantType::ALL.map(GrantType::as_str).join(", ");
            Reason::new("unknown_grant_type", format!("must be one of {known}"))
        })
    })
}

pub(crate) fn scopes(names: &[String], invalid: &mut Invalid) -> Option<Vec<Scope>> {
    items("/scopes", names, SCOPES_MAX, invalid, |name| {
        Scope::parse(name).ok_or_else(|| {
            Reason::new("unknown_scope", "must be a permission, openid, profile, email or offline_access")
        })
    })
}

/// Each item once. Too many are one error, not one for each.
fn items<T: PartialEq>(
    pointer: &str,
    texts: &[String],
    max: usize,
    invalid: &mut Invalid,
    parse: impl Fn(&str) -> Result<T, Reason>,
) -> Option<Vec<T>> {
    if texts.len() > max {
        return invalid
            .check(pointer, Err(Reason::new("too_many", format!("must hold at most {max} items"))));
    }
    let mut parsed = Vec::new();
    for (n, text) in texts.iter().enumerate() {
        let item = invalid.check(&format!("{pointer}/{n}"), parse(text))?;
        if !parsed.contains(&item) {
            parsed.push(item);
        }
    }
    Some(parsed)
}

fn uri_reason(error: InvalidUri) -> Reason {
    Reason::new(error.code(), error.to_string())
}

/// 422 for details that are right one by one and do not fit together.
pub(crate) fn unfit(error: InvalidClient) -> Problem {
    let mut invalid = Invalid::default();
    invalid.check::<ClientDetails>(error.pointer(), Err(Reason::new(error.code(), error.to_string())));
    invalid.into_problem()
}
