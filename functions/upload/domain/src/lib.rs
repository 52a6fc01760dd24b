//! The life of an upload: what may be uploaded, in which parts, and what comes after what.
//!
//! Pure: no clock, no randomness, no I/O.

mod file;
mod part_plan;
mod protection;
mod quota;
mod sniff;
mod source;
mod token;
mod upload;

pub use file::{Checksum, ContentType, FILE_NAME_MAX_CHARS, File, FileName, InvalidFile};
pub use part_plan::{
    LEAST_PARTS_MAX_BYTES, Method, OBJECT_MAX_BYTES, PART_MAX_BYTES, PART_MIN_BYTES, PARTS_MAX,
    PUT_MAX_BYTES, PartPlan, Plan, Short, StoredPart,
};
pub use protection::Protection;
pub use quota::{Exceeded, Quota, UploadPlan, Usage};
pub use sniff::SNIFF_BYTES;
pub use source::{
    InvalidSource, Piece, SOURCE_URL_MAX_BYTES, SourceAnswer, SourceFault, SourceUrl, Validator, wait_after,
};
pub use token::{TokenDigest, UploadToken};
pub use upload::{Failure, Irreplaceable, Mismatch, Multipart, Object, Refused, State, Upload};
