//! Events that the sidecar delivers over HTTP to a function of another process.

use crate::postgres::until;
use crate::stage::Stage;
use mcsp_bridge_api::postgres::Transaction;

#[tokio::test]
async fn a_committed_event_is_delivered_to_the_function_that_consumes_it() {
    let stage = Stage::start().await;
    let event = stage.event("{}");
    let transaction = Transaction { consumed_event: None, statements: vec![], events: vec![event] };
    stage.probe().transact(transaction).await.unwrap();
    let line = format!("mcsp_consumer_done_total{{component=\"{}\"}} 1\n", stage.component);
    let url = format!("http://{}/metrics", stage.sidecar.address);
    let delivered = async || reqwest::get(&url).await.unwrap().text().await.unwrap().contains(&line);
    until("the event is delivered", delivered).await;
}
