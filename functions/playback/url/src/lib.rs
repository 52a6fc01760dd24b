//! Signed playback URLs: `GET /p/<token>/<path>`, where the token opens every path under one prefix until it
//! expires, so that a manifest's relative segment URLs need no signature of their own.
//!
//! The token is `base64url(payload) "." base64url(HMAC-SHA256(key, base64url(payload)))`, without padding; the
//! payload is JSON: `kid` the key's id, `pfx` the path prefix, `exp` the first second (Unix time) at which it is
//! refused, `sid` the playback session; and where it is bound to one, `net` the network that the viewer's address must be in.
//!
//! Beside them stands what is made with keys of the same form: session grants, access grants, licence
//! tokens and content keys.

mod access;
mod content_key;
mod grant;
mod key;
mod licence;
mod network;
mod path;
mod ring;
mod sealed;
mod session;
mod token;

pub use access::AccessGrant;
pub use content_key::{CONTENT_KEY_BYTES, content_key, key_id};
pub use grant::{Grant, InvalidGrant};
pub use key::{InvalidKey, Key, MIN_SECRET_BYTES};
pub use licence::{LICENCE_TOKEN_TTL_S, LicenceGrant};
pub use network::{Binding, InvalidBinding, Network};
pub use ring::{InvalidRing, KeySecret, ring_from_json, secrets_from_json};
pub use session::SessionGrant;
pub use token::{Refusal, Signer, Verifier};
