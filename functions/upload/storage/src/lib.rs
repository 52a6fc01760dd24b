//! The SQL of Upload: how uploads are found and saved.

mod find;
mod row;
mod save;

pub use find::{find, owned, page};
pub use save::{SaveError, Written, forget, insert, save, update};
