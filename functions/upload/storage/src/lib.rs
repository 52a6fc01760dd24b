//! The SQL of Upload: how uploads are found and saved.

mod find;
mod quota;
mod row;
mod save;

pub use find::{find, owned, page};
pub use quota::{forget_plan, keep_plan, plan, used};
pub use save::{InsertError, SaveError, Written, forget, insert, save, update};
