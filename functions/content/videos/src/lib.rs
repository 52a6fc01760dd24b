//! Videos as their owners keep them and as others see them.

mod captions;
mod change;
mod chapters;
mod collaborators;
mod create;
mod delete;
mod edit;
mod export;
mod get;
mod list;
mod page;
mod restore;
mod seen;
mod shared;
mod thumbnails;
mod transfer;
mod webvtt;

use axum::Router;
use axum::routing::{delete, get, post, put};
use mcsp_function::{Context, MissingVariable};
use mcsp_reference::Section;

/// The routes.
pub fn router(context: &Context) -> Result<Router<Context>, MissingVariable> {
    context.variable("issuer")?;
    context.variable("audience")?;
    Ok(Router::new()
        .route("/v1/videos", get(list::list).post(create::create))
        .route("/v1/videos/{id}", get(get::get).patch(edit::edit).delete(delete::delete))
        .route("/v1/videos/{id}/restore", post(restore::restore))
        .route("/v1/videos/{id}/chapters", get(chapters::get::get).put(chapters::put::put))
        .route("/v1/videos/{id}/chapters.vtt", get(chapters::file::get))
        .route("/v1/videos/{id}/captions", get(captions::list::list))
        .route(
            "/v1/videos/{id}/captions/{language}",
            get(captions::get::get).put(captions::put::put).delete(captions::delete::delete),
        )
        .route("/v1/videos/export", get(export::export))
        .route("/v1/videos/shared", get(shared::shared))
        .route("/v1/videos/{id}/collaborators", get(collaborators::list::list))
        .route(
            "/v1/videos/{id}/collaborators/{user_id}",
            put(collaborators::put::put).delete(collaborators::delete::delete),
        )
        .route(
            "/v1/videos/{id}/transfer",
            get(transfer::get::get).post(transfer::offer::offer).delete(transfer::delete::delete),
        )
        .route("/v1/videos/{id}/transfer/accept", post(transfer::accept::accept))
        .route("/v1/videos/{id}/thumbnails", get(thumbnails::list::list).post(thumbnails::create::create))
        .route("/v1/videos/{id}/thumbnails/{thumbnail_id}", delete(thumbnails::delete::delete))
        .route("/v1/videos/{id}/thumbnails/{thumbnail_id}/complete", post(thumbnails::complete::complete))
        .route("/v1/videos/{id}/thumbnails/{thumbnail_id}/select", put(thumbnails::select::select))
        .layer(content_images::store(context)?))
}

/// What the API reference says of them.
pub fn reference() -> Section {
    let operations = [
        list::reference(),
        get::reference(),
        edit::reference(),
        delete::reference(),
        restore::reference(),
        chapters::get::reference(),
        chapters::put::reference(),
        chapters::file::reference(),
        captions::list::reference(),
        captions::get::reference(),
        captions::put::reference(),
        captions::delete::reference(),
        create::reference(),
        export::reference(),
        shared::reference(),
        collaborators::list::reference(),
        collaborators::put::reference(),
        collaborators::delete::reference(),
        transfer::get::reference(),
        transfer::offer::reference(),
        transfer::accept::reference(),
        transfer::delete::reference(),
        thumbnails::list::reference(),
        thumbnails::create::reference(),
        thumbnails::complete::reference(),
        thumbnails::select::reference(),
        thumbnails::delete::reference(),
    ];
    Section::new("Videos", "Videos as their owners keep them and as others see them.", operations)
}

mcsp_function::component!(
    crate::router,
    variables = [
        "issuer",
        "audience",
        "object_store_public_url",
        "object_store_region",
        "object_store_access_key",
        "object_store_secret_key",
        "object_store_buckets",
        "web_origins",
    ]
);
