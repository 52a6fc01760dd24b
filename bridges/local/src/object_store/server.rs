//! Serves the store over HTTP on loopback.

use super::layout::Layout;
use super::service::Operations;
use crate::buckets::ObjectStoreAccess;
use crate::cors;
use crate::error::LocalError;
use crate::http_server::HttpServer;
use crate::state_dir::StateDir;
use futures::future::BoxFuture;
use http::header::CONNECTION;
use http::{HeaderValue, Request, Response, StatusCode};
use hyper::body::{Body as _, Incoming};
use hyper::service::Service;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{Body, HttpError};
use tokio::sync::Mutex;

const REGION: &str = "us-east-1";
const ACCESS_KEY: &str = "mcsp";
const NAME: &str = "object-store";

/// A private object store; it lives in this process, and its objects in the state directory.
#[derive(Debug)]
pub struct ObjectStore {
    layout: Layout,
    port: u16,
    secret_key: String,
    server: Mutex<Option<HttpServer>>,
}

impl ObjectStore {
    /// Creates the buckets where they are missing and serves them.
    pub(crate) async fn launch(state: &StateDir, buckets: Vec<String>) -> Result<Self, LocalError> {
        let root = state.directory(NAME)?;
        let layout = Layout::new(root.clone());
        for bucket in buckets {
            layout.create_bucket(&bucket).await.map_err(LocalError::file("create the bucket in", &root))?;
        }
        let secret_key = state.secret(NAME)?;
        let store = Self { layout, port: state.port(NAME)?, secret_key, server: Mutex::default() };
        store.start().await?;
        Ok(store)
    }

    /// Serves; does nothing when it does so already.
    ///
    /// # Errors
    /// The port was taken meanwhile.
    pub async fn start(&self) -> Result<(), LocalError> {
        let mut server = self.server.lock().await;
        if server.is_none() {
            let mut builder = S3ServiceBuilder::new(Operations(self.layout.clone()));
            builder.set_auth(SimpleAuth::from_single(ACCESS_KEY, self.secret_key.as_str()));
            let service = Front { s3: builder.build() };
            *server = Some(HttpServer::start(NAME, self.port, service).await?);
        }
        Ok(())
    }

    /// Stops serving; the objects stay.
    pub async fn stop(&self) {
        if let Some(mut server) = self.server.lock().await.take() {
            server.stop().await;
        }
    }

    /// How to reach it.
    #[must_use]
    pub fn access(&self) -> ObjectStoreAccess {
        ObjectStoreAccess {
            endpoint: format!("http://127.0.0.1:{}", self.port),
            region: REGION.to_owned(),
            access_key: ACCESS_KEY.to_owned(),
            secret_key: self.secret_key.clone(),
        }
    }
}

/// S3 with the cross-origin rules that let a browser use presigned URLs.
#[derive(Clone)]
struct Front {
    s3: S3Service,
}

impl Service<Request<Incoming>> for Front {
    type Response = Response<Body>;
    type Error = HttpError;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        if cors::is_preflight(request.method(), request.headers()) {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NO_CONTENT;
            cors::allow(response.headers_mut(), cors::UPLOADS);
            return Box::pin(std::future::ready(Ok(response)));
        }
        let has_body = !request.body().is_end_stream();
        let answer = Service::call(&self.s3, request);
        Box::pin(async move {
            let mut response = answer.await?;
            if has_body && !response.status().is_success() {
                // What is refused may not have been read, and then no other request can follow.
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            cors::allow(response.headers_mut(), cors::UPLOADS);
            Ok(response)
        })
    }
}
