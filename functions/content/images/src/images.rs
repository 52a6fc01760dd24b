//! What operations reach: the context, and the object store.

use axum::Extension;
use axum::extract::FromRequestParts;
use content_domain::Video;
use http::request::Parts;
use mcsp_function::{Context, MissingVariable};
use mcsp_object_store::{Client, ObjectStore, configured};
use mcsp_problem::Problem;
use mcsp_reference::{Describe, Operation};
use std::sync::Arc;

/// The context and the object store.
#[derive(Clone)]
pub struct Images {
    /// The request's.
    pub context: Context,
    /// What the variables name.
    pub store: Arc<ObjectStore>,
}

/// A region has no bucket: there is no other one instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no bucket for the region {0}")]
pub struct NoBucket(String);

impl Images {
    /// A client of the store for calls that are made now.
    pub fn client(&self) -> Client<'_> {
        Client::new(&self.store, self.context.bridge(), self.context.now())
    }

    /// Where the images of a video are: where its owner's data lives.
    pub fn bucket(&self, video: &Video) -> Result<&str, NoBucket> {
        let region = &video.origin.region;
        self.store.bucket_of(region).ok_or_else(|| NoBucket(region.clone()))
    }
}

impl FromRequestParts<Context> for Images {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, context: &Context) -> Result<Self, Problem> {
        let Extension(store) = Extension::from_request_parts(parts, context)
            .await
            // A mistake of how the component is put together.
            .map_err(|rejection| Problem::internal(&rejection))?;
        Ok(Images { context: context.clone(), store })
    }
}

impl Describe for Images {
    fn describe(_: &mut Operation) {}
}

/// The store that the variables name, to be a layer of the router.
pub fn store(context: &Context) -> Result<Extension<Arc<ObjectStore>>, MissingVariable> {
    configured(context).map(Arc::new).map(Extension)
}
