//! Content's SQL, behind functions named by need. Whoever changes a video writes it with its events in one
//! transaction, guarded by the version that was read.

mod change;
mod drafts;
mod early;
mod entries;
mod error;
mod export;
mod first_files;
mod hits;
mod owners;
mod passwords;
mod row;
mod search;
mod shares;
mod thumbnails;
mod tracks;
mod transfers;
mod videos;

pub use change::{By, Decided, change, refusals_to_change};
pub use drafts::{KeptDraft, draft_of, forget_draft, forget_drafts, forget_waiting_draft, keep_draft};
pub use early::{early_outcome, forget_early, keep_early, lock, no_early, take_early};
pub use entries::{Content, Entry, entries, entries_after, videos_count};
pub use error::{ReadError, WriteError};
pub use export::{Whole, to_take_along};
pub use first_files::{DraftError, insert_draft};
pub use hits::{facets, findable, search};
pub use owners::{Owner, keep_owner, lock_owner, owner, owner_is};
pub use passwords::{forget_passwords, keep_passwords, passwords};
pub use search::{Count, FACET_VALUES_MAX, Facets, Filters, Hit, Place, Search};
pub use shares::{forget_share, forget_shares, keep_share, shared_with, shared_with_or_deleted};
pub use thumbnails::{
    DeclareError, PendingThumbnail, declare_thumbnail, forget_late_thumbnails, forget_pending_thumbnails,
    pending_thumbnail, take_pending_thumbnail,
};
pub use tracks::{
    Kept, captions, chapters, forget_captions, forget_chapters, forget_tracks, keep_captions, keep_chapters,
};
pub use transfers::{
    OfferError, accept_offer, forget_late_offer, forget_offer, forget_offers, offer, offer_of, withdraw,
};
pub use videos::{
    Listed, editable, find, find_all, find_shown, insert, of_owner, owned, owned_or_deleted, save, shared,
    update,
};
