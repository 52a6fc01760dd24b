//! Each public route of `spin.toml`, with each of its methods, and who may use it.

use mcsp_access::Permission;

/// Whether a route takes an access token.
#[derive(Clone, Copy, Debug)]
pub enum Auth {
    /// It has no use for one.
    None,
    /// It works without one, but refuses a bad one.
    Optional,
    /// It needs one.
    Bearer,
    /// It takes the platform's own, and shows itself to nobody else.
    Platform,
}

/// Something that belongs to one account, and that its path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thing {
    /// The account itself.
    Account,
    /// Where it is signed in.
    Session,
    /// A file on its way.
    Upload,
    /// What a video is to be.
    Draft,
    /// A video.
    Video,
    /// A playback session.
    Playback,
}

/// One method of one route.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// As `spin.toml` has it.
    pub manifest_route: &'static str,
    /// Such as `POST`.
    pub method: &'static str,
    /// With ids of the right kind, which nothing has.
    pub path: &'static str,
    /// With an id of another kind; the same as `path` where there is none.
    pub path_of_wrong_kind: &'static str,
    /// What token it takes.
    pub auth: Auth,
    /// What the account must be permitted. With `Auth::Bearer` and none of them, any account will do.
    pub permission: Option<Permission>,
    /// What the path names, where only its owner may use the route.
    pub owned: Option<Thing>,
    /// What permits others to use it, where something does.
    pub others: Option<Permission>,
    /// A body of JSON of the right shape, with every field.
    pub body: Option<&'static str>,
    /// A form of OAuth: such a route refuses as RFC 6749 has it, not with a problem document.
    pub form: Option<&'static str>,
    /// Whether it is a page for people.
    pub is_page: bool,
}

macro_rules! routes {
    ($($manifest:literal $method:ident $path:literal $(not $wrong:literal)? , $auth:ident $(($permission:ident))? $(of $thing:ident)? $(or $others:ident)? $(, $body:literal)? $(, form $form:literal)? $(, page $page:literal)?;)*) => {
        /// All of them.
        pub const ROUTES: &[Route] = &[$(Route {
            manifest_route: $manifest,
            method: stringify!($method),
            path: $path,
            path_of_wrong_kind: or!($path $(, $wrong)?),
            auth: Auth::$auth,
            permission: or_none!($(Permission::$permission)?),
            owned: or_none!($(Thing::$thing)?),
            others: or_none!($(Permission::$others)?),
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
    "/v1/accounts/verification" POST "/v1/accounts/verification", None, r#"{"email": "a@example.com"}"#;
    "/v1/accounts/verification/confirmation" POST "/v1/accounts/verification/confirmation", None, r#"{"token": "t"}"#;
    "/v1/accounts/recovery" POST "/v1/accounts/recovery", None, r#"{"email": "a@example.com"}"#;
    "/v1/accounts/recovery/confirmation" POST "/v1/accounts/recovery/confirmation", None, r#"{"token": "t", "password": "correct horse battery"}"#;
    "/v1/accounts/me/birth-date" PUT "/v1/accounts/me/birth-date", Bearer(AccountManage), r#"{"birth_date": "2001-12-31"}"#;
    "/v1/accounts/me/password" PUT "/v1/accounts/me/password", Bearer(AccountManage), r#"{"current_password": "correct horse battery", "new_password": "battery horse correct"}"#;
    "/v1/accounts/me" GET "/v1/accounts/me", Bearer(AccountManage);
    "/v1/accounts/me" PATCH "/v1/accounts/me", Bearer(AccountManage), r#"{"email": "a@example.com"}"#;
    "/v1/accounts/me" DELETE "/v1/accounts/me", Bearer(AccountManage);
    "/v1/sessions" POST "/v1/sessions", None, r#"{"email": "a@example.com", "password": "correct horse battery", "reopen": false}"#;
    "/v1/sessions" GET "/v1/sessions", Bearer(AccountManage);
    "/v1/sessions" DELETE "/v1/sessions", Bearer(AccountManage);
    "/v1/sessions/second-factor" POST "/v1/sessions/second-factor", None, r#"{"challenge": "c", "code": "123456", "public_key": {"rawId": "AA", "type": "public-key", "response": {"clientDataJSON": "e30", "authenticatorData": "AA", "signature": "AA", "userHandle": "AA"}}, "reopen": false}"#;
    "/v1/sessions/passkey-challenge" POST "/v1/sessions/passkey-challenge", None;
    "/v1/sessions/passkey" POST "/v1/sessions/passkey", None, r#"{"public_key": {"rawId": "AA", "type": "public-key", "response": {"clientDataJSON": "e30", "authenticatorData": "AA", "signature": "AA", "userHandle": "AA"}}, "reopen": false}"#;
    "/v1/sessions/:id/step-up" POST "/v1/sessions/session_00000000000000000000000000/step-up" not "/v1/sessions/event_00000000000000000000000000/step-up", Bearer(AccountManage), r#"{"password": "correct horse battery", "code": "123456", "public_key": {"rawId": "AA", "type": "public-key", "response": {"clientDataJSON": "e30", "authenticatorData": "AA", "signature": "AA", "userHandle": "AA"}}}"#;
    "/v1/factors" GET "/v1/factors", Bearer(AccountManage);
    "/v1/factors" POST "/v1/factors", Bearer(AccountManage), r#"{"kind": "totp", "name": "phone"}"#;
    "/v1/factors/recovery-codes" GET "/v1/factors/recovery-codes", Bearer(AccountManage);
    "/v1/factors/recovery-codes" POST "/v1/factors/recovery-codes", Bearer(AccountManage);
    "/v1/factors/passkey-challenge" POST "/v1/factors/passkey-challenge", Bearer(AccountManage);
    "/v1/factors/:id" DELETE "/v1/factors/factor_00000000000000000000000000" not "/v1/factors/event_00000000000000000000000000", Bearer(AccountManage);
    "/v1/factors/:id/confirmation" POST "/v1/factors/factor_00000000000000000000000000/confirmation" not "/v1/factors/event_00000000000000000000000000/confirmation", Bearer(AccountManage), r#"{"code": "123456", "public_key": {"rawId": "AA", "type": "public-key", "response": {"clientDataJSON": "e30", "attestationObject": "oA"}}}"#;
    "/v1/sessions/:id" DELETE "/v1/sessions/session_00000000000000000000000000" not "/v1/sessions/event_00000000000000000000000000", Bearer(AccountManage) of Session;
    "/.well-known/jwks.json" GET "/.well-known/jwks.json", None;
    "/.well-known/openid-configuration" GET "/.well-known/openid-configuration", None;
    "/.well-known/oauth-authorization-server" GET "/.well-known/oauth-authorization-server", None;
    "/oauth/authorize" GET "/oauth/authorize", None, page true;
    "/oauth/authorize" POST "/oauth/authorize", None, page true;
    "/oauth/device" GET "/oauth/device", None, page true;
    "/oauth/device" POST "/oauth/device", None, page true;
    "/oauth/par" POST "/oauth/par", None, form "client_id=client_00000000000000000000000000";
    "/oauth/token" POST "/oauth/token", None, form "grant_type=refresh_token&client_id=first-party&refresh_token=x";
    "/oauth/introspect" POST "/oauth/introspect", None, form "client_id=client_00000000000000000000000000&client_secret=x&token=x";
    "/oauth/revoke" POST "/oauth/revoke", None, form "client_id=first-party&token=x";
    "/oauth/device_authorization" POST "/oauth/device_authorization", None, form "client_id=client_00000000000000000000000000";
    "/oauth/userinfo" GET "/oauth/userinfo", Bearer;
    "/oauth/userinfo" POST "/oauth/userinfo", Bearer;
    "/v1/clients" POST "/v1/clients", Bearer(ClientManage), r#"{"kind": "public", "name": "n", "redirect_uris": ["https://a.example/"], "post_logout_redirect_uris": [], "backchannel_logout_uri": "https://a.example/out", "grant_types": ["authorization_code"], "scopes": ["openid"], "first_party": false}"#;
    "/v1/clients" GET "/v1/clients", Bearer(ClientManage);
    "/v1/clients/:id" GET "/v1/clients/client_00000000000000000000000000" not "/v1/clients/event_00000000000000000000000000", Bearer(ClientManage);
    "/v1/clients/:id" PATCH "/v1/clients/client_00000000000000000000000000" not "/v1/clients/event_00000000000000000000000000", Bearer(ClientManage), r#"{"name": "n", "redirect_uris": ["https://a.example/"], "post_logout_redirect_uris": [], "backchannel_logout_uri": "https://a.example/out", "grant_types": ["authorization_code"], "scopes": ["openid"], "first_party": false}"#;
    "/v1/clients/:id" DELETE "/v1/clients/client_00000000000000000000000000" not "/v1/clients/event_00000000000000000000000000", Bearer(ClientManage);
    "/v1/clients/:id/secret" POST "/v1/clients/client_00000000000000000000000000/secret" not "/v1/clients/event_00000000000000000000000000/secret", Bearer(ClientManage), r#"{"overlap_s": 60}"#;
    "/v1/signing-keys" GET "/v1/signing-keys", Bearer(SigningKeyManage);
    "/v1/signing-keys" POST "/v1/signing-keys", Bearer(SigningKeyManage), r#"{"compromised": false}"#;
    "/v1/roles" GET "/v1/roles", Bearer(RoleView);
    "/v1/roles" POST "/v1/roles", Bearer(RoleManage), r#"{"name": "viewer", "description": "d", "permissions": ["role.view"]}"#;
    "/v1/roles/:name" GET "/v1/roles/viewer", Bearer(RoleView);
    "/v1/roles/:name" PATCH "/v1/roles/viewer", Bearer(RoleManage), r#"{"description": "d", "permissions": ["role.view"]}"#;
    "/v1/roles/:name" DELETE "/v1/roles/viewer", Bearer(RoleManage);
    "/v1/accounts/:id/roles" GET "/v1/accounts/user_00000000000000000000000000/roles" not "/v1/accounts/event_00000000000000000000000000/roles", Bearer(AccountManage) of Account or RoleView;
    "/v1/accounts/:id/roles/:name" PUT "/v1/accounts/user_00000000000000000000000000/roles/viewer" not "/v1/accounts/event_00000000000000000000000000/roles/viewer", Bearer(RoleGrant);
    "/v1/accounts/:id/roles/:name" DELETE "/v1/accounts/user_00000000000000000000000000/roles/viewer" not "/v1/accounts/event_00000000000000000000000000/roles/viewer", Bearer(RoleGrant);
    "/v1/permissions/check" POST "/v1/permissions/check", Bearer, r#"{"user_id": null, "permissions": ["role.view"]}"#;
    "/v1/uploads" POST "/v1/uploads", Bearer(MediaUpload), r#"{"file_name": "a.mp4", "size_bytes": 1, "content_type": "video/mp4", "checksum_sha256": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "method": "put", "protection": "none", "video_id": "video_00000000000000000000000000"}"#;
    "/v1/uploads" GET "/v1/uploads", Bearer(MediaUpload);
    "/v1/uploads/quota" GET "/v1/uploads/quota", Bearer(MediaUpload);
    "/v1/uploads/pull" POST "/v1/uploads/pull", Bearer(MediaUpload), r#"{"source_url": "https://192.0.2.1/a.mp4", "file_name": "a.mp4", "protection": "none", "video_id": "video_00000000000000000000000000"}"#;
    "/v1/uploads/:id" GET "/v1/uploads/upload_00000000000000000000000000" not "/v1/uploads/event_00000000000000000000000000", Bearer(MediaUpload) of Upload;
    "/v1/uploads/:id" DELETE "/v1/uploads/upload_00000000000000000000000000" not "/v1/uploads/event_00000000000000000000000000", Bearer(MediaUpload) of Upload;
    "/v1/uploads/:id/parts" POST "/v1/uploads/upload_00000000000000000000000000/parts" not "/v1/uploads/event_00000000000000000000000000/parts", Bearer(MediaUpload) of Upload, r#"{"part_numbers": [1], "checksums_sha256": ["47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="]}"#;
    "/v1/uploads/:id/parts" GET "/v1/uploads/upload_00000000000000000000000000/parts" not "/v1/uploads/event_00000000000000000000000000/parts", Bearer(MediaUpload) of Upload;
    "/v1/uploads/:id/complete" POST "/v1/uploads/upload_00000000000000000000000000/complete" not "/v1/uploads/event_00000000000000000000000000/complete", Bearer(MediaUpload) of Upload;
    "/v1/uploads/:id/token" POST "/v1/uploads/upload_00000000000000000000000000/token" not "/v1/uploads/event_00000000000000000000000000/token", Bearer(MediaUpload) of Upload, r#"{"valid_for_s": 60}"#;
    "/v1/tus" OPTIONS "/v1/tus", None;
    "/v1/tus" POST "/v1/tus", Bearer(MediaUpload);
    "/v1/tus/:id" GET "/v1/tus/upload_00000000000000000000000000" not "/v1/tus/event_00000000000000000000000000", Bearer(MediaUpload) of Upload;
    "/v1/tus/:id" PATCH "/v1/tus/upload_00000000000000000000000000" not "/v1/tus/event_00000000000000000000000000", Bearer(MediaUpload) of Upload;
    "/v1/tus/:id" DELETE "/v1/tus/upload_00000000000000000000000000" not "/v1/tus/event_00000000000000000000000000", Bearer(MediaUpload) of Upload;
    "/v1/drafts" POST "/v1/drafts", Bearer(ContentEdit), r#"{"title": "t", "description": "d", "tags": ["a"], "category": "film", "language": "en", "licence": "cc-by", "made_for_kids": false, "custom_fields": {"camera": "a phone"}, "visibility": "subscribers", "publish_at": "2026-12-01T00:00:00Z", "upload_id": "upload_00000000000000000000000000", "minimum_plan_level": 1, "regions": {"allow": ["eu"], "deny": ["us"]}}"#;
    "/v1/drafts" GET "/v1/drafts", Bearer(ContentEdit);
    "/v1/drafts/:id" GET "/v1/drafts/draft_00000000000000000000000000" not "/v1/drafts/event_00000000000000000000000000", Bearer(ContentEdit) of Draft;
    "/v1/drafts/:id" PUT "/v1/drafts/draft_00000000000000000000000000" not "/v1/drafts/event_00000000000000000000000000", Bearer(ContentEdit) of Draft, r#"{"title": "t", "description": "d", "tags": ["a"], "category": "film", "language": "en", "licence": "cc-by", "made_for_kids": false, "custom_fields": {"camera": "a phone"}, "visibility": "subscribers", "publish_at": "2026-12-01T00:00:00Z", "upload_id": "upload_00000000000000000000000000", "minimum_plan_level": 1, "regions": {"allow": ["eu"], "deny": ["us"]}}"#;
    "/v1/drafts/:id" DELETE "/v1/drafts/draft_00000000000000000000000000" not "/v1/drafts/event_00000000000000000000000000", Bearer(ContentEdit) of Draft;
    "/v1/drafts/:id/submit" POST "/v1/drafts/draft_00000000000000000000000000/submit" not "/v1/drafts/event_00000000000000000000000000/submit", Bearer(ContentPublish) of Draft;
    "/v1/videos" GET "/v1/videos", Bearer(ContentEdit);
    "/v1/videos" POST "/v1/videos", Bearer(ContentEdit), r#"{"title": "t", "description": "d", "tags": ["a"], "category": "film", "language": "en", "minimum_age": 16, "licence": "cc-by", "made_for_kids": false, "custom_fields": {"camera": "a phone"}, "visibility": "subscribers", "minimum_plan_level": 1}"#;
    "/v1/videos/:id" GET "/v1/videos/video_00000000000000000000000000" not "/v1/videos/event_00000000000000000000000000", Optional;
    "/v1/videos/:id" PATCH "/v1/videos/video_00000000000000000000000000" not "/v1/videos/event_00000000000000000000000000", Bearer(ContentEdit) of Video, r#"{"title": "t", "description": "d", "tags": ["a"], "category": "film", "language": "en", "minimum_age": 16, "licence": "cc-by", "made_for_kids": false, "custom_fields": {"camera": "a phone"}}"#;
    "/v1/videos/:id" DELETE "/v1/videos/video_00000000000000000000000000" not "/v1/videos/event_00000000000000000000000000", Bearer(ContentEdit) of Video;
    "/v1/videos/:id/restore" POST "/v1/videos/video_00000000000000000000000000/restore" not "/v1/videos/event_00000000000000000000000000/restore", Bearer(ContentEdit) of Video;
    "/v1/videos/:id/chapters" GET "/v1/videos/video_00000000000000000000000000/chapters" not "/v1/videos/event_00000000000000000000000000/chapters", Optional;
    "/v1/videos/:id/chapters" PUT "/v1/videos/video_00000000000000000000000000/chapters" not "/v1/videos/event_00000000000000000000000000/chapters", Bearer(ContentEdit) of Video, r#"{"chapters": [{"start_ms": 0, "title": "t"}]}"#;
    "/v1/videos/:id/chapters.vtt" GET "/v1/videos/video_00000000000000000000000000/chapters.vtt" not "/v1/videos/event_00000000000000000000000000/chapters.vtt", Optional;
    "/v1/videos/:id/captions" GET "/v1/videos/video_00000000000000000000000000/captions" not "/v1/videos/event_00000000000000000000000000/captions", Optional;
    "/v1/videos/:id/captions/:language" GET "/v1/videos/video_00000000000000000000000000/captions/en" not "/v1/videos/event_00000000000000000000000000/captions/en", Optional;
    "/v1/videos/:id/captions/:language" PUT "/v1/videos/video_00000000000000000000000000/captions/en" not "/v1/videos/event_00000000000000000000000000/captions/en", Bearer(ContentEdit) of Video;
    "/v1/videos/:id/captions/:language" DELETE "/v1/videos/video_00000000000000000000000000/captions/en" not "/v1/videos/event_00000000000000000000000000/captions/en", Bearer(ContentEdit) of Video;
    "/v1/videos/shared" GET "/v1/videos/shared", Bearer;
    "/v1/videos/:id/collaborators" GET "/v1/videos/video_00000000000000000000000000/collaborators" not "/v1/videos/event_00000000000000000000000000/collaborators", Bearer of Video;
    "/v1/videos/:id/collaborators/:user_id" PUT "/v1/videos/video_00000000000000000000000000/collaborators/user_00000000000000000000000009" not "/v1/videos/video_00000000000000000000000000/collaborators/event_00000000000000000000000009", Bearer(ContentEdit) of Video, r#"{"role": "viewer"}"#;
    "/v1/videos/:id/collaborators/:user_id" DELETE "/v1/videos/video_00000000000000000000000000/collaborators/user_00000000000000000000000009" not "/v1/videos/video_00000000000000000000000000/collaborators/event_00000000000000000000000009", Bearer of Video;
    "/v1/videos/:id/transfer" GET "/v1/videos/video_00000000000000000000000000/transfer" not "/v1/videos/event_00000000000000000000000000/transfer", Bearer of Video;
    "/v1/videos/:id/transfer" POST "/v1/videos/video_00000000000000000000000000/transfer" not "/v1/videos/event_00000000000000000000000000/transfer", Bearer(ContentEdit) of Video, r#"{"to": "user_00000000000000000000000009"}"#;
    "/v1/videos/:id/transfer" DELETE "/v1/videos/video_00000000000000000000000000/transfer" not "/v1/videos/event_00000000000000000000000000/transfer", Bearer of Video;
    "/v1/videos/:id/transfer/accept" POST "/v1/videos/video_00000000000000000000000000/transfer/accept" not "/v1/videos/event_00000000000000000000000000/transfer/accept", Bearer(ContentEdit) of Video;
    "/v1/videos/:id/thumbnails" GET "/v1/videos/video_00000000000000000000000000/thumbnails" not "/v1/videos/event_00000000000000000000000000/thumbnails", Optional;
    "/v1/videos/:id/thumbnails" POST "/v1/videos/video_00000000000000000000000000/thumbnails" not "/v1/videos/event_00000000000000000000000000/thumbnails", Bearer(ContentEdit) of Video, r#"{"content_type": "image/png", "size_bytes": 1, "checksum_sha256": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="}"#;
    "/v1/videos/:id/thumbnails/:thumbnail_id" DELETE "/v1/videos/video_00000000000000000000000000/thumbnails/thumbnail_00000000000000000000000000" not "/v1/videos/event_00000000000000000000000000/thumbnails/thumbnail_00000000000000000000000000", Bearer(ContentEdit) of Video;
    "/v1/videos/:id/thumbnails/:thumbnail_id/complete" POST "/v1/videos/video_00000000000000000000000000/thumbnails/thumbnail_00000000000000000000000000/complete" not "/v1/videos/event_00000000000000000000000000/thumbnails/thumbnail_00000000000000000000000000/complete", Bearer(ContentEdit) of Video;
    "/v1/videos/:id/thumbnails/:thumbnail_id/select" PUT "/v1/videos/video_00000000000000000000000000/thumbnails/thumbnail_00000000000000000000000000/select" not "/v1/videos/event_00000000000000000000000000/thumbnails/thumbnail_00000000000000000000000000/select", Bearer(ContentEdit) of Video;
    "/v1/videos/:id/publish" POST "/v1/videos/video_00000000000000000000000000/publish" not "/v1/videos/event_00000000000000000000000000/publish", Bearer(ContentPublish) of Video;
    "/v1/videos/:id/unpublish" POST "/v1/videos/video_00000000000000000000000000/unpublish" not "/v1/videos/event_00000000000000000000000000/unpublish", Bearer(ContentPublish) of Video;
    "/v1/videos/:id/schedule" PUT "/v1/videos/video_00000000000000000000000000/schedule" not "/v1/videos/event_00000000000000000000000000/schedule", Bearer(ContentPublish) of Video, r#"{"publish_at": "2026-12-01T00:00:00Z"}"#;
    "/v1/videos/:id/schedule" DELETE "/v1/videos/video_00000000000000000000000000/schedule" not "/v1/videos/event_00000000000000000000000000/schedule", Bearer(ContentPublish) of Video;
    "/v1/videos/:id/visibility" PUT "/v1/videos/video_00000000000000000000000000/visibility" not "/v1/videos/event_00000000000000000000000000/visibility", Bearer(ContentPublish) of Video, r#"{"visibility": "subscribers", "minimum_plan_level": 1}"#;
    "/v1/videos/:id/regions" PUT "/v1/videos/video_00000000000000000000000000/regions" not "/v1/videos/event_00000000000000000000000000/regions", Bearer(ContentPublish) of Video, r#"{"allow": ["eu"], "deny": ["us"]}"#;
    "/v1/videos/:id/explain-visibility" GET "/v1/videos/video_00000000000000000000000000/explain-visibility" not "/v1/videos/event_00000000000000000000000000/explain-visibility", Bearer(ContentExplain);
    "/v1/videos/:id/unlock" POST "/v1/videos/video_00000000000000000000000000/unlock" not "/v1/videos/event_00000000000000000000000000/unlock", Bearer(PlaybackStart), r#"{"password": "open sesame"}"#;
    "/v1/videos/bulk" POST "/v1/videos/bulk", Bearer(ContentEdit), r#"{"action": {"kind": "add_tags", "tags": ["a"]}, "video_ids": ["video_00000000000000000000000000"]}"#;
    "/v1/videos/export" GET "/v1/videos/export", Bearer(ContentEdit);
    "/v1/videos/:id/embedding" PUT "/v1/videos/video_00000000000000000000000000/embedding" not "/v1/videos/event_00000000000000000000000000/embedding", Bearer(ContentPublish) of Video, r#"{"mode": "listed", "origins": ["https://blog.example"]}"#;
    "/v1/search" GET "/v1/search", Optional;
    "/v1/search/suggest" GET "/v1/search/suggest?q=a", Optional;
    "/v1/creators/:id/feed" GET "/v1/creators/user_00000000000000000000000000/feed" not "/v1/creators/event_00000000000000000000000000/feed", None;
    "/v1/oembed" GET "/v1/oembed?url=x", None;
    "/v1/search-indexes" POST "/v1/search-indexes", Platform;
    "/v1/search-indexes/:name/videos" POST "/v1/search-indexes/i/videos" not "/v1/search-indexes/I/videos", Platform, r#"{"after": "video_00000000000000000000000000"}"#;
    "/v1/search-indexes/:name/activate" POST "/v1/search-indexes/i/activate" not "/v1/search-indexes/I/activate", Platform, r#"{"videos": 1}"#;
    "/v1/catalog/:id" GET "/v1/catalog/video_00000000000000000000000000", Platform;
    "/content.v1.Catalog/..." POST "/content.v1.Catalog/Get", Platform;
    "/v1/playback/sessions" POST "/v1/playback/sessions", Bearer(PlaybackStart), r#"{"video_id": "video_00000000000000000000000000", "device": {"id": "tv", "name": "TV"}, "access_grant": "eyJ9.c2ln", "embedding_origin": "https://blog.example"}"#;
    "/v1/playback/sessions/:id" DELETE "/v1/playback/sessions/playback_00000000000000000000000000" not "/v1/playback/sessions/event_00000000000000000000000000", Bearer(PlaybackStart) of Playback, r#"{"position_ms": 1, "client_time": "2026-01-01T00:00:00Z"}"#;
    "/v1/playback/sessions/:id/heartbeat" PUT "/v1/playback/sessions/playback_00000000000000000000000000/heartbeat" not "/v1/playback/sessions/event_00000000000000000000000000/heartbeat", Bearer(PlaybackStart) of Playback, r#"{"position_ms": 1, "client_time": "2026-01-01T00:00:00Z", "state": "playing"}"#;
    "/v1/playback/sessions/:id/steering" GET "/v1/playback/sessions/playback_00000000000000000000000000/steering?grant=x" not "/v1/playback/sessions/event_00000000000000000000000000/steering?grant=x", None;
    "/v1/playback/licences/clearkey" POST "/v1/playback/licences/clearkey?token=x", Bearer(PlaybackStart);
    "/v1/playback/licences/:key_system" POST "/v1/playback/licences/widevine?token=x" not "/v1/playback/licences/primetime?token=x", Bearer(PlaybackStart);
    "/v1/playback/devices" GET "/v1/playback/devices", Bearer(PlaybackStart);
    "/v1/playback/devices/:id" DELETE "/v1/playback/devices/device_00000000000000000000000000" not "/v1/playback/devices/event_00000000000000000000000000", Bearer(PlaybackStart);
    "/v1/playback/explain" POST "/v1/playback/explain", Bearer(PlaybackExplain), r#"{"user_id": "user_00000000000000000000000000", "video_id": "video_00000000000000000000000000", "region": "eu", "age_reached": 16, "unlocked": true, "device_id": "tv", "embedding_origin": "https://blog.example"}"#;
    "/v1/playback/signing-keys" GET "/v1/playback/signing-keys", Bearer(PlaybackKeyManage);
    "/v1/playback/signing-keys" POST "/v1/playback/signing-keys", Bearer(PlaybackKeyManage), r#"{"compromised": false}"#;
    "/v1/edge-keys" GET "/v1/edge-keys", Platform;
    "/v1/playback/positions" GET "/v1/playback/positions?videos=video_00000000000000000000000000", Bearer(PlaybackStart);
    "/v1/playback/positions/:video_id" GET "/v1/playback/positions/video_00000000000000000000000000" not "/v1/playback/positions/event_00000000000000000000000000", Bearer(PlaybackStart);
    "/v1/playback/positions/:video_id" PUT "/v1/playback/positions/video_00000000000000000000000000" not "/v1/playback/positions/event_00000000000000000000000000", Bearer(PlaybackStart), r#"{"position_ms": 1, "client_time": "2026-01-01T00:00:00Z"}"#;
    "/v1/playback/positions/:video_id" DELETE "/v1/playback/positions/video_00000000000000000000000000" not "/v1/playback/positions/event_00000000000000000000000000", Bearer(PlaybackStart);
}
