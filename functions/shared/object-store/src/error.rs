//! How a call to the store can fail, told by what the caller can do about it.

use crate::InvalidSettings;
use mcsp_bridge_api::Failure;

/// Why the store gave no result.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum StoreError {
    /// The bridge did not get through, or chose not to try.
    #[error("the object store could not be called")]
    Call(#[source] Failure),
    /// The store has trouble of its own, or has too much to do. Worth a retry.
    #[error("the object store is not available: status {status}, code {code:?}")]
    Unavailable {
        /// HTTP status.
        status: u16,
        /// S3's error code.
        code: Option<String>,
    },
    /// There is no such object.
    #[error("the object store has no such object")]
    NoSuchObject,
    /// There is no such multipart upload: it was completed or aborted.
    #[error("the object store has no such multipart upload")]
    NoSuchUpload,
    /// The store refuses: wrong keys, no such bucket, parts that do not fit. A mistake on our side.
    #[error("the object store refused: status {status}, code {code:?}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// S3's error code.
        code: Option<String>,
    },
    /// The store answered something else than S3 does.
    #[error("the object store's answer cannot be read")]
    Unreadable,
    /// The configuration cannot be used.
    #[error("the object store is not configured")]
    Settings(#[from] InvalidSettings),
}
