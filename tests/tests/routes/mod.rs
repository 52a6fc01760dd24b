//! Each public route of `spin.toml`, with each of its methods.

/// Whether a route takes an access token.
#[derive(Clone, Copy, Debug)]
pub enum Auth {
    /// It has no use for one.
    None,
    /// It works without one, but refuses a bad one.
    Optional,
    /// It needs one.
    Bearer,
}

/// One method of one route.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// As `spin.toml` has it.
    pub manifest_route: &'static str,
    pub method: &'static str,
    /// With ids of the right kind, which nothing has.
    pub path: &'static str,
    /// With an id of another kind; the same as `path` where there is none.
    pub path_of_wrong_kind: &'static str,
    pub auth: Auth,
    /// A body of the right shape, with every field.
    pub body: Option<&'static str>,
}

macro_rules! routes {
    ($($manifest:literal $method:ident $path:literal $(not $wrong:literal)? , $auth:ident $(, $body:literal)?;)*) => {
        pub const ROUTES: &[Route] = &[$(Route {
            manifest_route: $manifest,
            method: stringify!($method),
            path: $path,
            path_of_wrong_kind: or!($path $(, $wrong)?),
            auth: Auth::$auth,
            body: or_none!($($body)?),
        },)*];
    };
}
macro_rules! or {
    ($default:expr) => {
        $default
    };
    ($default:expr, $given:expr) => {
        $given
    };
}
macro_rules! or_none {
    () => {
        None
    };
    ($given:expr) => {
        Some($given)
    };
}

routes! {
    "/v1/accounts" POST "/v1/accounts", None, r#"{"email": "a@example.com", "password": "correct horse battery", "role": "viewer"}"#;
}
