//! The imports of `mcsp:bridge`, answered by the component's [`Bridge`].

use super::bindings::functions::mcsp::bridge::{
    failures, kafka, limits, memory, passwords, postgres, redis, services, signatures,
};
use super::convert::{convert, convert_all};
use super::origin::{origin, within};
use super::{Imports, State};
use mcsp_bridge_api::Bridge;
use std::sync::Arc;
use wasmtime::component::Accessor;

fn bridge<T>(accessor: &Accessor<T, Imports>) -> Arc<dyn Bridge> {
    accessor.with(|mut store| Arc::clone(&store.get().bridge))
}

impl failures::Host for &mut State {}
impl kafka::Host for &mut State {}
impl limits::Host for &mut State {}
impl memory::Host for &mut State {}
impl passwords::Host for &mut State {}
impl postgres::Host for &mut State {}
impl redis::Host for &mut State {}
impl services::Host for &mut State {}

impl signatures::Host for &mut State {
    fn verify_ed25519(&mut self, public_key: Vec<u8>, message: Vec<u8>, signature: Vec<u8>) -> bool {
        mcsp_signatures::verify_ed25519(&public_key, &message, &signature)
    }

    fn verify_es256(&mut self, public_key: Vec<u8>, message: Vec<u8>, signature: Vec<u8>) -> bool {
        mcsp_signatures::verify_es256(&public_key, &message, &signature)
    }
}

impl<T> postgres::HostWithStore<T> for Imports {
    async fn query(
        accessor: &Accessor<T, Self>,
        statement: postgres::Statement,
    ) -> Result<postgres::RowSet, failures::Failure> {
        match within(origin(accessor), bridge(accessor).query(statement.into())).await {
            Ok(rows) => Ok(rows.into()),
            Err(failure) => Err(failure.into()),
        }
    }

    async fn try_query(
        accessor: &Accessor<T, Self>,
        statement: postgres::Statement,
        patience_ms: u32,
    ) -> Result<postgres::RowSet, failures::Failure> {
        match within(origin(accessor), bridge(accessor).try_query(statement.into(), patience_ms)).await {
            Ok(rows) => Ok(rows.into()),
            Err(failure) => Err(failure.into()),
        }
    }

    async fn transact(
        accessor: &Accessor<T, Self>,
        transaction: postgres::Transaction,
    ) -> Result<Vec<postgres::RowSet>, postgres::TransactError> {
        match within(origin(accessor), bridge(accessor).transact(transaction.into())).await {
            Ok(sets) => Ok(convert_all(sets)),
            Err(error) => Err(error.into()),
        }
    }
}

impl<T> kafka::HostWithStore<T> for Imports {
    async fn publish(
        accessor: &Accessor<T, Self>,
        events: Vec<kafka::Event>,
        acknowledgement: kafka::Acknowledgement,
    ) -> Result<(), failures::Failure> {
        let (bridge, origin) = (bridge(accessor), origin(accessor));
        let published = bridge.publish(convert_all(events), acknowledgement.into());
        within(origin, published).await.map_err(convert)
    }
}

impl<T> redis::HostWithStore<T> for Imports {
    async fn pipeline(
        accessor: &Accessor<T, Self>,
        operations: Vec<redis::Operation>,
    ) -> Result<Vec<redis::Reply>, failures::Failure> {
        match within(origin(accessor), bridge(accessor).pipeline(convert_all(operations))).await {
            Ok(replies) => Ok(convert_all(replies)),
            Err(failure) => Err(failure.into()),
        }
    }

    async fn try_pipeline(
        accessor: &Accessor<T, Self>,
        operations: Vec<redis::Operation>,
        patience_ms: u32,
    ) -> Result<Vec<redis::Reply>, failures::Failure> {
        match within(origin(accessor), bridge(accessor).try_pipeline(convert_all(operations), patience_ms))
            .await
        {
            Ok(replies) => Ok(convert_all(replies)),
            Err(failure) => Err(failure.into()),
        }
    }
}

impl<T> memory::HostWithStore<T> for Imports {
    async fn exchange(
        accessor: &Accessor<T, Self>,
        steps: Vec<memory::Step>,
    ) -> Result<Vec<memory::Outcome>, failures::Failure> {
        match within(origin(accessor), bridge(accessor).exchange(convert_all(steps))).await {
            Ok(outcomes) => Ok(convert_all(outcomes)),
            Err(failure) => Err(failure.into()),
        }
    }
}

impl<T> services::HostWithStore<T> for Imports {
    async fn call(
        accessor: &Accessor<T, Self>,
        request: services::Request,
    ) -> Result<services::Response, failures::Failure> {
        match within(origin(accessor), bridge(accessor).call(request.into())).await {
            Ok(response) => Ok(response.into()),
            Err(failure) => Err(failure.into()),
        }
    }
}

impl<T> passwords::HostWithStore<T> for Imports {
    async fn hash(accessor: &Accessor<T, Self>, password: String) -> Result<String, failures::Failure> {
        within(origin(accessor), bridge(accessor).hash_password(password)).await.map_err(convert)
    }

    async fn verify(
        accessor: &Accessor<T, Self>,
        password: String,
        phc: Option<String>,
    ) -> Result<passwords::Verdict, failures::Failure> {
        match within(origin(accessor), bridge(accessor).verify_password(password, phc)).await {
            Ok(verdict) => Ok(verdict.into()),
            Err(failure) => Err(failure.into()),
        }
    }
}

impl<T> limits::HostWithStore<T> for Imports {
    async fn take(
        accessor: &Accessor<T, Self>,
        subject: limits::Subject,
    ) -> Result<limits::Standing, failures::Failure> {
        match within(origin(accessor), bridge(accessor).take_request(subject.into())).await {
            Ok(standing) => Ok(standing.into()),
            Err(failure) => Err(failure.into()),
        }
    }
}
