//! What Content says of a video: to users ([`VideoView`]), and to the platform, by event ([`event`]) and when
//! asked ([`VideoState`]).

mod event;
mod publication;
mod state;
mod view;

pub use event::event;
pub use publication::{PUBLICATION_DUE, PublicationDue, do_not_publish, publish_later};
pub use state::VideoState;
pub use view::VideoView;
