//! Outgoing HTTP of the host: over kept connections, bounded as the component asks.

use http::{Request, Response};
use http_body_util::BodyExt;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, Error as ClientError};
use hyper_util::rt::TokioExecutor;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

type Transmission = Box<dyn Future<Output = Result<(), Error>> + Send>;
type Sending = Box<dyn Future<Output = Result<(Response<WasiBody>, Transmission), Error>> + Send>;

/// Sends what components send.
#[derive(Clone)]
pub struct Outgoing {
    client: Client<HttpConnector, WasiBody>,
    /// By how much sooner a wait ends than the component asks.
    haste: u32,
}

impl Outgoing {
    pub fn new(haste: u32) -> Self {
        Outgoing { client: Client::builder(TokioExecutor::new()).build_http(), haste }
    }
}

impl WasiHttpHooks for Outgoing {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _sent: Transmission,
    ) -> Sending {
        let Outgoing { client, haste } = self.clone();
        Box::new(async move {
            // Spin's own bound is ten minutes.
            let asked = options.and_then(|options| options.first_byte_timeout);
            let patience = asked.expect("the adapter bounds its wait") / haste;
            let answered = tokio::time::timeout(patience, client.request(request)).await;
            let response = answered.map_err(|_| Error::HttpResponseTimeout)?.map_err(unanswered)?;
            let done: Transmission = Box::new(async { Ok(()) });
            Ok((response.map(|body| body.map_err(Error::from).boxed_unsync()), done))
        })
    }
}

fn unanswered(error: ClientError) -> Error {
    if error.is_connect() { Error::ConnectionRefused } else { Error::HttpProtocolError }
}
