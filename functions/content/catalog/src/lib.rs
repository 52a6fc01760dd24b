//! Content's read model for the platform's other services, by HTTP and by gRPC.

mod get;
mod grpc;
mod read;

use axum::Router;
use axum::routing::get;
use mcsp_function::{Context, MissingVariable};
use mcsp_grpc::unary;
use mcsp_reference::Section;

/// The routes.
pub fn router(context: &Context) -> Result<Router<Context>, MissingVariable> {
    context.variable("bridge_token")?;
    Ok(Router::new()
        .route("/v1/catalog/{id}", get(get::get))
        .route("/content.v1.Catalog/Get", unary(grpc::get::get))
        .route("/content.v1.Catalog/BatchGet", unary(grpc::batch_get::batch_get)))
}

/// What the API reference says of it.
pub fn reference() -> Section {
    Section::new("Catalog", "Content's read model for the platform's other services.", [get::reference()])
}

mcsp_function::component!(crate::router, variables = ["bridge_token"]);
