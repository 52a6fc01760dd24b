//! Methods of gRPC, as routes of a component's router beside those of HTTP.
//!
//! ```ignore
//! Router::new().route("/content.v1.Catalog/Get", unary(get))
//! ```
//!
//! A method is an async function of the context and a message. It fails with a [`Problem`](mcsp_problem::Problem), as every
//! operation does, which its caller gets as a status with the problem's code.

mod refused;
mod unary;

pub use unary::{MESSAGE_MAX_BYTES, unary};
