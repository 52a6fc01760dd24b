//! The SQL of Upload: how uploads and drafts are found and saved.

mod drafts;
mod find;
mod handovers;
mod pulls;
mod quota;
mod row;
mod save;
mod tokens;
mod writers;

pub use drafts::{
    DraftError, KeptDraft, draft_of, forget_drafts, insert_draft, owned_draft, page_of_drafts, remove_draft,
    save_draft,
};
pub use find::{find, held_of, owned, page, source_of};
pub use handovers::{free_drafts, handed_over, keep_handover, nothing_is_left};
pub use pulls::{Pull, begin_pull, end_pull, note_pull, pull_of};
pub use quota::{forget_plan, keep_plan, plan, used};
pub use save::{InsertError, SaveError, Written, forget, hold, insert, save, update};
pub use tokens::{forget_token, keep_token, owner_by_token};
pub use writers::{free_writer, keep_writer, take_writer};
