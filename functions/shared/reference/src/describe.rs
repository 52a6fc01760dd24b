//! What a handler's signature tells.

use crate::Operation;
use axum::extract::{Extension, RawQuery, State};
use http::HeaderMap;
use std::future::Future;

/// An extractor, as the API reference sees it.
pub trait Describe {
    /// Tells what it takes from the request, and how it refuses.
    fn describe(operation: &mut Operation);
}

/// A handler, whose extractors tell what it takes.
pub trait Handler<Arguments> {
    /// Lets each extractor tell its part.
    fn describe(operation: &mut Operation);
}

// These take nothing of what a client chooses to send.
impl<S> Describe for State<S> {
    fn describe(_: &mut Operation) {}
}

impl<T> Describe for Extension<T> {
    fn describe(_: &mut Operation) {}
}

/// The operation tells what is in it.
impl Describe for RawQuery {
    fn describe(_: &mut Operation) {}
}

impl Describe for HeaderMap {
    fn describe(_: &mut Operation) {}
}

/// Only bodies can be left out.
impl<T: Describe> Describe for Option<T> {
    fn describe(operation: &mut Operation) {
        T::describe(operation);
        operation.body_is_optional();
    }
}

/// How its refusals are answered is the handler's to say.
impl<T: Describe, E> Describe for Result<T, E> {
    fn describe(operation: &mut Operation) {
        let refusals = operation.refusals.clone();
        T::describe(operation);
        operation.refusals = refusals;
    }
}

macro_rules! handlers {
    ($(($($argument:ident),*);)*) => {$(
        impl<F, Fut, $($argument),*> Handler<($($argument,)*)> for F
        where
            F: Fn($($argument),*) -> Fut,
            Fut: Future,
            $($argument: Describe,)*
        {
            fn describe(operation: &mut Operation) {
                let _ = &operation;
                $($argument::describe(operation);)*
            }
        }

        impl<$($argument: Describe),*> Describe for ($($argument,)*) {
            fn describe(operation: &mut Operation) {
                let _ = &operation;
                $($argument::describe(operation);)*
            }
        }
    )*};
}

handlers! {
    ();
    (A);
    (A, B);
    (A, B, C);
    (A, B, C, D);
    (A, B, C, D, E);
    (A, B, C, D, E, F1);
    (A, B, C, D, E, F1, G);
    (A, B, C, D, E, F1, G, H);
}
