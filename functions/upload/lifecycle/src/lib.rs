//! How uploads begin, are completed and are taken back, whichever way their bytes come: what the components have in common
//! that let clients send them.

mod begin;
mod cancel;
mod catalog;
mod complete;
mod parts;
mod problems;
mod quota;
mod refuse;
mod times;
mod uploader;
mod verify;
mod view;

pub use begin::{Wanted, begin, refusals_to_begin, refusals_to_replace};
pub use cancel::cancel;
pub use complete::{Completed, complete, refusals_to_complete};
pub use parts::begin_parts;
pub use problems::{reason, refusals_of_unfetched, refused, unfetched};
pub use quota::{QuotaView, WithoutPlan};
pub use refuse::refuse;
pub use times::{ATTEMPTS_MAX, until, url_expires_at};
pub use uploader::Uploader;
pub use verify::list_all;
pub use view::{CONTENT_TYPES, SignedView, UploadView, WantedProtection};
