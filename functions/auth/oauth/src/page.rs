//! The pages that people see: rendered here, for one browser only, and complete without a script.

mod browser;
mod cookie;
mod form_token;
mod layout;
mod sign_in;

pub(crate) use browser::Browser;
use cookie::Cookies;
pub(crate) use layout::{Page, described, hidden, message, with_failures};
pub(crate) use sign_in::{Attempted, SignInForm, Typed, attempt, form};
