//! What the operations reach: the context, and the object store.

use crate::problems;
use axum::Extension;
use axum::extract::FromRequestParts;
use http::request::Parts;
use jiff::{SignedDuration, Timestamp};
use mcsp_function::{Context, MissingVariable};
use mcsp_object_store::{Client, InvalidSettings, ObjectStore, Place, Settings};
use mcsp_problem::Problem;
use std::sync::Arc;
use std::time::Duration;
use upload_domain::Upload;

/// How long an upload may take.
pub(crate) const OPEN_FOR: SignedDuration = SignedDuration::from_hours(24);
/// How long a signed URL is good. Another can be had as long as the upload is open.
const URL_VALID_FOR: SignedDuration = SignedDuration::from_hours(1);
/// How often a change is decided anew after another request was first. Every round that is lost was won by
/// another request, and an upload has only so many changes.
pub(crate) const ATTEMPTS_MAX: u32 = 8;
/// The region in signatures where none is set: what stores of one region take.
const SIGNING_REGION_DEFAULT: &str = "us-east-1";

/// The context and the object store.
#[derive(Clone)]
pub(crate) struct Uploads {
    pub(crate) context: Context,
    pub(crate) store: Arc<ObjectStore>,
}

impl Uploads {
    /// A client of the store for calls that are made now.
    pub(crate) fn client(&self) -> Client<'_> {
        Client::new(&self.store, self.context.bridge(), self.context.now())
    }

    /// Until when a URL that is signed now is good.
    pub(crate) fn url_expires_at(&self, upload: &Upload, now: Timestamp) -> Timestamp {
        upload.expires_at.min(now + URL_VALID_FOR)
    }
}

impl FromRequestParts<Context> for Uploads {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, context: &Context) -> Result<Self, Problem> {
        let Extension(store) = Extension::from_request_parts(parts, context)
            .await
            .map_err(|rejection| problems::unconfigured(&rejection))?;
        Ok(Uploads { context: context.clone(), store })
    }
}

/// The store that the variables name.
pub(crate) fn store(context: &Context) -> Result<ObjectStore, MissingVariable> {
    let settings = Settings {
        public_url: context.variable("object_store_public_url")?,
        signing_region: context.variable("object_store_region").unwrap_or(SIGNING_REGION_DEFAULT),
        access_key: context.variable("object_store_access_key")?,
        secret_key: context.variable("object_store_secret_key")?,
        buckets: context.variable("object_store_buckets")?,
    };
    ObjectStore::new(settings).map_err(|error| match error {
        InvalidSettings::PublicUrl => MissingVariable("object_store_public_url"),
        InvalidSettings::Buckets => MissingVariable("object_store_buckets"),
    })
}

/// Where the bytes of an upload go.
pub(crate) fn place(upload: &Upload) -> Place<'_> {
    Place { bucket: &upload.object.bucket, key: &upload.object.key }
}

/// From one moment to another; nothing where it has passed.
pub(crate) fn until(now: Timestamp, then: Timestamp) -> Duration {
    Duration::try_from(then.duration_since(now)).unwrap_or_default()
}
