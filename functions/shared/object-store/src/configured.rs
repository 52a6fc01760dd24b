//! The store that a component's variables name.

use crate::{InvalidSettings, ObjectStore, Settings};
use mcsp_function::{Context, MissingVariable};

/// The region in signatures where none is set: what stores of one region take.
const SIGNING_REGION_DEFAULT: &str = "us-east-1";

/// The store that `object_store_…` names.
pub fn configured(context: &Context) -> Result<ObjectStore, MissingVariable> {
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
