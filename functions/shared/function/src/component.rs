//! The one line that makes an endpoint crate a component.

/// Makes the crate a component: `component!(router, variables = ["issuer", "audience"])`.
///
/// This is what `spin_sdk::http_service` expands to; written out, since that names `::spin_sdk`, which each
/// endpoint crate would have to depend on for nothing else.
#[macro_export]
macro_rules! component {
    ($router:path, variables = [$($variable:literal),* $(,)?]) => {
        #[cfg(target_arch = "wasm32")]
        mod component {
            #[allow(unused_imports, reason = "the router may be named with its whole path")]
            use super::*;
            use $crate::guest::spin_sdk::http::{FromRequest, IntoResponse, Request};
            use $crate::guest::spin_sdk::wasip3;

            static ENDPOINT: std::sync::OnceLock<$crate::Endpoint> = std::sync::OnceLock::new();

            struct Component;

            wasip3::http::service::export!(Component);

            impl wasip3::exports::http::handler::Guest for Component {
                async fn handle(
                    request: wasip3::http::types::Request,
                ) -> Result<wasip3::http::types::Response, wasip3::http::types::ErrorCode> {
                    let request = <Request as FromRequest>::from_request(request)?;
                    let response = $crate::guest::answer(&ENDPOINT, &[$($variable),*], $router, request).await;
                    IntoResponse::into_response(response)
                }
            }
        }
    };
}
