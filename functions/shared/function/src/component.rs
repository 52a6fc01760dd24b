//! The one line that makes an endpoint crate a component.

/// Makes the crate a component: `component!(router, variables = ["issuer", "audience"])`.
#[macro_export]
macro_rules! component {
    ($router:path, variables = [$($variable:literal),* $(,)?]) => {
        #[cfg(target_arch = "wasm32")]
        mod component {
            use $crate::guest::spin_sdk;

            static ENDPOINT: std::sync::OnceLock<$crate::Endpoint> = std::sync::OnceLock::new();

            #[spin_sdk::http_service]
            async fn handle(request: spin_sdk::http::Request) -> axum::response::Response {
                $crate::guest::answer(&ENDPOINT, &[$($variable),*], $router, request).await
            }
        }
    };
}
