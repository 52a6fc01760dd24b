//! The bridge's Redis, straight: the scripts run on a real server, and time is what a test says it is.

use async_trait::async_trait;
use mcsp_bridge_api::redis::{Operation, Reply};
use mcsp_bridge_api::{Bridge, Failure, kafka, passwords, postgres, services};
use redis::Value;

/// Redis at `MCSP_TEST_REDIS_URL`. The other stores are not granted.
pub struct RealRedis(redis::aio::MultiplexedConnection);

impl RealRedis {
    pub async fn connect() -> Self {
        let url =
            std::env::var("MCSP_TEST_REDIS_URL").expect("MCSP_TEST_REDIS_URL is not set: run scripts/test");
        let client = redis::Client::open(url).expect("a redis url");
        RealRedis(client.get_multiplexed_async_connection().await.expect("redis"))
    }
}

fn reply(value: Value) -> Reply {
    match value {
        Value::Nil => Reply::Nil,
        Value::Okay => Reply::Okay,
        Value::Int(number) => Reply::Integer(number),
        Value::BulkString(bytes) => Reply::Bulk(bytes),
        Value::Array(elements) => Reply::Array(elements.into_iter().map(bulk).collect()),
        other => panic!("an unexpected reply: {other:?}"),
    }
}

fn bulk(value: Value) -> Option<Vec<u8>> {
    match value {
        Value::Nil => None,
        Value::BulkString(bytes) => Some(bytes),
        Value::Int(number) => Some(number.to_string().into_bytes()),
        other => panic!("an unexpected element: {other:?}"),
    }
}

fn not_granted<T>() -> Result<T, Failure> {
    Err(Failure::NotGranted("only redis".to_owned()))
}

#[async_trait]
impl Bridge for RealRedis {
    async fn pipeline(&self, operations: Vec<Operation>) -> Result<Vec<Reply>, Failure> {
        let mut connection = self.0.clone();
        let mut replies = Vec::new();
        for operation in operations {
            let value = match operation {
                Operation::Command(words) => {
                    let (name, arguments) = words.split_first().expect("a command word");
                    let name = std::str::from_utf8(name).expect("a command word");
                    redis::cmd(name).arg(arguments).query_async(&mut connection).await
                }
                Operation::RunScript(script) => {
                    let evaluated = redis::Script::new(&script.source);
                    let mut call = evaluated.prepare_invoke();
                    for key in &script.keys {
                        call.key(key);
                    }
                    for argument in &script.arguments {
                        call.arg(argument);
                    }
                    call.invoke_async(&mut connection).await
                }
            };
            replies.push(reply(value.expect("redis runs the operation")));
        }
        Ok(replies)
    }

    async fn query(&self, _: postgres::Statement) -> Result<postgres::RowSet, Failure> {
        not_granted()
    }

    async fn transact(
        &self,
        _: postgres::Transaction,
    ) -> Result<Vec<postgres::RowSet>, postgres::TransactError> {
        not_granted().map_err(postgres::TransactError::Failed)
    }

    async fn publish(&self, _: Vec<kafka::Event>, _: kafka::Acknowledgement) -> Result<(), Failure> {
        not_granted()
    }

    async fn call(&self, _: services::Request) -> Result<services::Response, Failure> {
        not_granted()
    }

    async fn hash_password(&self, _: String) -> Result<String, Failure> {
        not_granted()
    }

    async fn verify_password(&self, _: String, _: Option<String>) -> Result<passwords::Verdict, Failure> {
        not_granted()
    }
}
