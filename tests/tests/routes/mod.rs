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
    /// A body of JSON of the right shape, with every field.
    pub body: Option<&'static str>,
    /// A form of OAuth: such a route refuses as RFC 6749 has it, not with a problem document.
    pub form: Option<&'static str>,
    /// Whether it is a page for people.
    pub is_page: bool,
}

macro_rules! routes {
    ($($manifest:literal $method:ident $path:literal $(not $wrong:literal)? , $auth:ident $(, $body:literal)? $(, form $form:literal)? $(, page $page:literal)?;)*) => {
        pub const ROUTES: &[Route] = &[$(Route {
            manifest_route: $manifest,
            method: stringify!($method),
            path: $path,
            path_of_wrong_kind: or!($path $(, $wrong)?),
            auth: Auth::$auth,
            body: or_none!($($body)?),
            form: or_none!($($form)?),
            is_page: is_page!($($page)?),
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
macro_rules! is_page {
    () => {
        false
    };
    ($given:expr) => {
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
    "/v1/accounts/me" GET "/v1/accounts/me", Bearer;
    "/v1/sessions" POST "/v1/sessions", None, r#"{"email": "a@example.com", "password": "correct horse battery"}"#;
    "/v1/sessions" GET "/v1/sessions", Bearer;
    "/v1/sessions/:id" DELETE "/v1/sessions/session_00000000000000000000000000" not "/v1/sessions/event_00000000000000000000000000", Bearer;
    "/.well-known/jwks.json" GET "/.well-known/jwks.json", None;
    "/.well-known/openid-configuration" GET "/.well-known/openid-configuration", None;
    "/.well-known/oauth-authorization-server" GET "/.well-known/oauth-authorization-server", None;
    "/oauth/authorize" GET "/oauth/authorize", None, page true;
    "/oauth/authorize" POST "/oauth/authorize", None, page true;
    "/oauth/device" GET "/oauth/device", None, page true;
    "/oauth/device" POST "/oauth/device", None, page true;
    "/oauth/token" POST "/oauth/token", None, form "grant_type=refresh_token&client_id=first-party&refresh_token=x";
    "/oauth/introspect" POST "/oauth/introspect", None, form "client_id=client_00000000000000000000000000&client_secret=x&token=x";
    "/oauth/revoke" POST "/oauth/revoke", None, form "client_id=first-party&token=x";
    "/oauth/device_authorization" POST "/oauth/device_authorization", None, form "client_id=client_00000000000000000000000000";
    "/oauth/userinfo" GET "/oauth/userinfo", Bearer;
    "/oauth/userinfo" POST "/oauth/userinfo", Bearer;
    "/v1/clients" POST "/v1/clients", Bearer, r#"{"kind": "public", "name": "n", "redirect_uris": ["https://a.example/"], "post_logout_redirect_uris": [], "backchannel_logout_uri": "https://a.example/out", "grant_types": ["authorization_code"], "scopes": ["openid"], "first_party": false}"#;
    "/v1/clients" GET "/v1/clients", Bearer;
    "/v1/clients/:id" GET "/v1/clients/client_00000000000000000000000000" not "/v1/clients/event_00000000000000000000000000", Bearer;
    "/v1/clients/:id" PATCH "/v1/clients/client_00000000000000000000000000" not "/v1/clients/event_00000000000000000000000000", Bearer, r#"{"name": "n", "redirect_uris": ["https://a.example/"], "post_logout_redirect_uris": [], "backchannel_logout_uri": "https://a.example/out", "grant_types": ["authorization_code"], "scopes": ["openid"], "first_party": false}"#;
    "/v1/clients/:id" DELETE "/v1/clients/client_00000000000000000000000000" not "/v1/clients/event_00000000000000000000000000", Bearer;
    "/v1/clients/:id/secret" POST "/v1/clients/client_00000000000000000000000000/secret" not "/v1/clients/event_00000000000000000000000000/secret", Bearer, r#"{"overlap_s": 60}"#;
    "/v1/uploads" POST "/v1/uploads", Bearer, r#"{"file_name": "a.mp4", "size_bytes": 1, "content_type": "video/mp4", "checksum_sha256": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "method": "put"}"#;
    "/v1/uploads" GET "/v1/uploads", Bearer;
    "/v1/uploads/:id" GET "/v1/uploads/upload_00000000000000000000000000" not "/v1/uploads/event_00000000000000000000000000", Bearer;
    "/v1/uploads/:id" DELETE "/v1/uploads/upload_00000000000000000000000000" not "/v1/uploads/event_00000000000000000000000000", Bearer;
    "/v1/uploads/:id/parts" POST "/v1/uploads/upload_00000000000000000000000000/parts" not "/v1/uploads/event_00000000000000000000000000/parts", Bearer, r#"{"part_numbers": [1], "checksums_sha256": ["47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="]}"#;
    "/v1/uploads/:id/parts" GET "/v1/uploads/upload_00000000000000000000000000/parts" not "/v1/uploads/event_00000000000000000000000000/parts", Bearer;
    "/v1/uploads/:id/complete" POST "/v1/uploads/upload_00000000000000000000000000/complete" not "/v1/uploads/event_00000000000000000000000000/complete", Bearer;
    "/v1/videos" GET "/v1/videos", Bearer;
    "/v1/videos/:id" GET "/v1/videos/video_00000000000000000000000000" not "/v1/videos/event_00000000000000000000000000", Optional;
    "/v1/videos/:id" PATCH "/v1/videos/video_00000000000000000000000000" not "/v1/videos/event_00000000000000000000000000", Bearer, r#"{"title": "t", "description": "d", "tags": ["a"], "category": "film", "language": "en"}"#;
    "/v1/videos/:id/publish" POST "/v1/videos/video_00000000000000000000000000/publish" not "/v1/videos/event_00000000000000000000000000/publish", Bearer;
    "/v1/videos/:id/unpublish" POST "/v1/videos/video_00000000000000000000000000/unpublish" not "/v1/videos/event_00000000000000000000000000/unpublish", Bearer;
    "/v1/videos/:id/visibility" PUT "/v1/videos/video_00000000000000000000000000/visibility" not "/v1/videos/event_00000000000000000000000000/visibility", Bearer, r#"{"visibility": "public"}"#;
    "/v1/search" GET "/v1/search", None;
    "/v1/catalog/:id" GET "/v1/catalog/video_00000000000000000000000000", None;
    "/v1/playback/sessions" POST "/v1/playback/sessions", Bearer, r#"{"video_id": "video_00000000000000000000000000", "device": {"id": "tv", "name": "TV"}}"#;
    "/v1/playback/sessions/:id" DELETE "/v1/playback/sessions/playback_00000000000000000000000000" not "/v1/playback/sessions/event_00000000000000000000000000", Bearer, r#"{"position_ms": 1, "client_time": "2026-01-01T00:00:00Z"}"#;
    "/v1/playback/sessions/:id/heartbeat" PUT "/v1/playback/sessions/playback_00000000000000000000000000/heartbeat" not "/v1/playback/sessions/event_00000000000000000000000000/heartbeat", Bearer, r#"{"position_ms": 1, "client_time": "2026-01-01T00:00:00Z", "state": "playing"}"#;
    "/v1/playback/positions/:video_id" GET "/v1/playback/positions/video_00000000000000000000000000" not "/v1/playback/positions/event_00000000000000000000000000", Bearer;
    "/v1/playback/positions/:video_id" PUT "/v1/playback/positions/video_00000000000000000000000000" not "/v1/playback/positions/event_00000000000000000000000000", Bearer, r#"{"position_ms": 1, "client_time": "2026-01-01T00:00:00Z"}"#;
}
