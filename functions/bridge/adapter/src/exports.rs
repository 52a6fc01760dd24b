//! The exported interfaces. Parameters travel as a map by the names that the WIT gives them.

use crate::sidecar;
use bindings::exports::mcsp::bridge::failures::Failure;
use bindings::exports::mcsp::bridge::{
    kafka, limits, memory, passwords, postgres, redis, services, signatures,
};
use serde::Serialize;

#[allow(missing_docs, clippy::all, clippy::restriction)]
mod bindings {
    wit_bindgen::generate!({
        path: "../../../wit",
        world: "adapter",
        additional_derives: [serde::Serialize, serde::Deserialize],
        generate_all,
    });
}

struct Adapter;

bindings::export!(Adapter with_types_in bindings);

impl postgres::Guest for Adapter {
    async fn query(statement: postgres::Statement) -> Result<postgres::RowSet, Failure> {
        #[derive(Serialize)]
        struct Parameters {
            statement: postgres::Statement,
        }
        sidecar::call("postgres/query", &Parameters { statement }).await
    }

    async fn try_query(
        statement: postgres::Statement,
        patience_ms: u32,
    ) -> Result<postgres::RowSet, Failure> {
        #[derive(Serialize)]
        struct Parameters {
            statement: postgres::Statement,
            patience_ms: u32,
        }
        sidecar::call("postgres/try-query", &Parameters { statement, patience_ms }).await
    }

    async fn transact(
        transaction: postgres::Transaction,
    ) -> Result<Vec<postgres::RowSet>, postgres::TransactError> {
        #[derive(Serialize)]
        struct Parameters {
            transaction: postgres::Transaction,
        }
        sidecar::call("postgres/transact", &Parameters { transaction }).await
    }
}

impl kafka::Guest for Adapter {
    async fn publish(
        events: Vec<kafka::Event>,
        acknowledgement: kafka::Acknowledgement,
    ) -> Result<(), Failure> {
        #[derive(Serialize)]
        struct Parameters {
            events: Vec<kafka::Event>,
            acknowledgement: kafka::Acknowledgement,
        }
        sidecar::call("kafka/publish", &Parameters { events, acknowledgement }).await
    }
}

impl redis::Guest for Adapter {
    async fn pipeline(operations: Vec<redis::Operation>) -> Result<Vec<redis::Reply>, Failure> {
        #[derive(Serialize)]
        struct Parameters {
            operations: Vec<redis::Operation>,
        }
        sidecar::call("redis/pipeline", &Parameters { operations }).await
    }

    async fn try_pipeline(
        operations: Vec<redis::Operation>,
        patience_ms: u32,
    ) -> Result<Vec<redis::Reply>, Failure> {
        #[derive(Serialize)]
        struct Parameters {
            operations: Vec<redis::Operation>,
            patience_ms: u32,
        }
        sidecar::call("redis/try-pipeline", &Parameters { operations, patience_ms }).await
    }
}

impl services::Guest for Adapter {
    async fn call(request: services::Request) -> Result<services::Response, Failure> {
        #[derive(Serialize)]
        struct Parameters {
            request: services::Request,
        }
        sidecar::call("services/call", &Parameters { request }).await
    }
}

impl signatures::Guest for Adapter {
    /// Here, not in the sidecar: the way there costs more than the check.
    fn verify_ed25519(public_key: Vec<u8>, message: Vec<u8>, signature: Vec<u8>) -> bool {
        mcsp_signatures::verify_ed25519(&public_key, &message, &signature)
    }

    fn verify_es256(public_key: Vec<u8>, message: Vec<u8>, signature: Vec<u8>) -> bool {
        mcsp_signatures::verify_es256(&public_key, &message, &signature)
    }
}

impl passwords::Guest for Adapter {
    async fn hash(password: String) -> Result<String, Failure> {
        #[derive(Serialize)]
        struct Parameters {
            password: String,
        }
        sidecar::call("passwords/hash", &Parameters { password }).await
    }

    async fn verify(password: String, phc: Option<String>) -> Result<passwords::Verdict, Failure> {
        #[derive(Serialize)]
        struct Parameters {
            password: String,
            phc: Option<String>,
        }
        sidecar::call("passwords/verify", &Parameters { password, phc }).await
    }
}

impl limits::Guest for Adapter {
    /// The sidecar counts for all instances. A request waits for it, but not for long: without an answer it
    /// goes on.
    async fn take(subject: limits::Subject) -> Result<limits::Standing, Failure> {
        #[derive(Serialize)]
        struct Parameters {
            subject: limits::Subject,
        }
        sidecar::call_within(sidecar::LIMITS_TIMEOUT_NS, "limits/take", &Parameters { subject }).await
    }
}

impl memory::Guest for Adapter {
    /// The sidecar's memory: instances come and go.
    async fn exchange(steps: Vec<memory::Step>) -> Result<Vec<memory::Outcome>, Failure> {
        #[derive(Serialize)]
        struct Parameters {
            steps: Vec<memory::Step>,
        }
        sidecar::call("memory/exchange", &Parameters { steps }).await
    }
}

impl sidecar::Failable for Failure {
    fn failed(failure: sidecar::CallFailure) -> Self {
        match failure {
            sidecar::CallFailure::Overloaded => Failure::Overloaded,
            sidecar::CallFailure::DeadlineExceeded => Failure::DeadlineExceeded,
            sidecar::CallFailure::Unreachable => Failure::Unreachable,
            sidecar::CallFailure::NotGranted(grant) => Failure::NotGranted(grant.to_owned()),
            sidecar::CallFailure::Refused(code) => Failure::Refused(code),
        }
    }
}

impl sidecar::Failable for postgres::TransactError {
    fn failed(failure: sidecar::CallFailure) -> Self {
        postgres::TransactError::Failed(Failure::failed(failure))
    }
}
