//! Who looks, as a request tells.

use content_domain::Viewer;
use mcsp_function::Caller;

/// The viewer that a request comes from. A region that is none is not known: nothing is shown for it.
pub fn viewer(caller: Option<&Caller>) -> Viewer {
    match caller {
        Some(caller) => Viewer::User { id: caller.user(), region: caller.region().ok() },
        None => Viewer::Anyone,
    }
}
