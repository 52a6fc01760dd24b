//! What operations reach: the context, and the object store.

use axum::Extension;
use axum::extract::FromRequestParts;
use http::request::Parts;
use mcsp_function::{Context, MissingVariable};
use mcsp_ids::UploadId;
use mcsp_object_store::{Client, ObjectStore, Place, configured};
use mcsp_problem::Problem;
use mcsp_reference::{Describe, Operation};
use std::sync::Arc;
use upload_domain::Upload;

/// The context and the object store.
#[derive(Clone)]
pub struct Uploads {
    /// The request's.
    pub context: Context,
    /// What the variables name.
    pub store: Arc<ObjectStore>,
}

impl Uploads {
    /// A client of the store for calls that are made now.
    pub fn client(&self) -> Client<'_> {
        Client::new(&self.store, self.context.bridge(), self.context.now())
    }
}

impl FromRequestParts<Context> for Uploads {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, context: &Context) -> Result<Self, Problem> {
        let Extension(store) = Extension::from_request_parts(parts, context)
            .await
            // A mistake of how the component is put together.
            .map_err(|rejection| Problem::internal(&rejection))?;
        Ok(Uploads { context: context.clone(), store })
    }
}

impl Describe for Uploads {
    fn describe(_: &mut Operation) {}
}

/// The store that the variables name, to be a layer of the router.
pub fn store(context: &Context) -> Result<Extension<Arc<ObjectStore>>, MissingVariable> {
    configured(context).map(Arc::new).map(Extension)
}

/// How all keys of an upload's objects begin.
pub fn prefix(id: UploadId) -> String {
    format!("uploads/{id}/")
}

/// Where the bytes of an upload are.
pub fn place(upload: &Upload) -> Place<'_> {
    Place { bucket: &upload.object.bucket, key: &upload.object.key }
}
