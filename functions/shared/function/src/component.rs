//! The one line that makes an endpoint crate a component.

/// Makes the crate a component: `component!(router, variables = ["issuer", "audience"])`, or `component!(router)`
/// where the router needs nothing of the platform.
///
/// This is what `spin_sdk::http_service` expands to, but for the conversions (see `guest`).
#[macro_export]
macro_rules! component {
    ($router:path, variables = [$($variable:literal),* $(,)?]) => {
        $crate::component!(
            @service $router, $crate::Endpoint,
            |made, router, request| $crate::guest::answer(made, &[$($variable),*], router, request)
        );
    };
    ($router:path) => {
        $crate::component!(@service $router, $crate::guest::Router, $crate::guest::answer_plainly);
    };
    (@service $router:path, $made:ty, $answer:expr) => {
        #[cfg(target_arch = "wasm32")]
        mod component {
            #[allow(unused_imports, reason = "the router may be named with its whole path")]
            use super::*;
            use $crate::guest::wasip3;

            /// The same for every request, so it is made once for each instance.
            static MADE: std::sync::OnceLock<$made> = std::sync::OnceLock::new();

            struct Component;

            wasip3::http::service::export!(Component);

            impl wasip3::exports::http::handler::Guest for Component {
                async fn handle(
                    request: wasip3::http::types::Request,
                ) -> Result<wasip3::http::types::Response, wasip3::http::types::ErrorCode> {
                    ($answer)(&MADE, $router, request).await
                }
            }
        }
    };
}
