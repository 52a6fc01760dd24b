//! What the bridge's memory has of videos, streams and positions: for when the stores can't tell, and until they can be
//! told.
//!
//! After an answer that Redis gave, copies of it are remembered. Without Redis, sessions are opened, kept and ended here:
//! exactly counted within the process, since each change is a compare-and-put. Positions and ends are held until Redis
//! and Postgres have them.

mod account;
mod copies;
mod devices;
mod exchange;
mod here;
mod keys;
mod licences;
mod positions;
mod remember;
mod sessions;
mod signing_keys;
mod turns;
mod videos;

pub use account::{Account, account, forget_subscription, keep_account, keep_subscription, shown};
pub(crate) use account::{account_state, subscription};
pub use devices::DevicesTold;
pub use here::Started;
pub(crate) use keys::turn as turn_key;
pub(crate) use licences::take_licence;
pub(crate) use positions::{Held, HeldPosition, held};
pub use positions::{Remembered, all_positions, hold_forgotten, hold_position, position, settle_position};
pub use remember::{Seen, remember};
pub(crate) use sessions::HeldEnd;
pub use sessions::{EndedHere, Opening, beat, end, open, renewed};
pub use signing_keys::{keep_signing_keys, signing_keys};
pub(crate) use turns::{Stale, take_turns};
pub use videos::{CopyOf, forget_video, keep_video, video};

/// A change that others came before is tried again, this often: each time another one's was made.
pub(crate) const TRIES_MAX: u32 = 64;
