//! What Content says of a video: to users ([`VideoView`]), and to the platform, by event ([`event`]) and when
//! asked ([`VideoState`]). And how it takes what owners say ([`Said`], [`Draft`]) and what is written with what they do ([`deleted`]).

mod answer;
mod deletion;
mod embedding;
mod event;
mod meant;
mod offer;
mod publication;
mod said;
mod state;
mod view;
mod viewer;

pub use answer::{answer, answer_of};
pub use content_domain::{Draft, DraftRegions, DraftVisibility, Licence};
pub use deletion::{PURGE_DUE, PurgeDue, deleted, given_back};
pub use embedding::{Embedding, EmbeddingMode};
pub use event::event;
pub use meant::{REGIONS_MAX, meant, regions};
pub use offer::{OFFER_DUE, OfferDue, do_not_forget_offer, forget_offer_later};
pub use publication::{PUBLICATION_DUE, PublicationDue, do_not_publish, plan, publish_later};
pub use said::{Said, given, submitted, whole};
pub use state::{Regions, Thumbnail, VideoState};
pub use view::VideoView;
pub use viewer::viewer;
