//! What each thread has: connections, on the thread's own runtime.

use crate::bridges::{Bridges, StartError};
use crate::granted::Granted;
use crate::traced::Traced;
use mcsp_bridge_api::Bridge;
use mcsp_limits::RatesOverride;
use mcsp_manifest::{Grants, RateLimits};
use mcsp_passwords::Passwords;
use mcsp_postgres::Postgres;
use mcsp_redis::{Connection, KeyGrant, Redis};
use mcsp_services::{Services, Transport};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// One thread's connections. To be made and used within the thread's runtime.
pub struct Worker {
    bridges: Arc<Bridges>,
    redis: Option<Arc<Connection>>,
    transport: Arc<Transport>,
    postgres: Mutex<BTreeMap<String, Postgres>>,
}

impl Worker {
    /// Connects when first used; what cannot be used at all is told here.
    pub fn new(bridges: Arc<Bridges>) -> Result<Self, StartError> {
        let redis = bridges.config.redis.clone().map(Connection::new).transpose()?.map(Arc::new);
        let answers = Arc::clone(&bridges.answers);
        let transport = Transport::with_clock(&bridges.config.services, answers, bridges.clock.clone())?;
        Ok(Worker { bridges, redis, transport: Arc::new(transport), postgres: Mutex::default() })
    }

    /// The port that a component's calls go to. A component that the manifest does not have is granted
    /// nothing.
    pub fn for_component(&self, id: &str) -> Result<Arc<dyn Bridge>, StartError> {
        let nothing = Grants::default();
        let settings = self.bridges.manifest.components.get(id).map(|found| &found.settings);
        let grants = settings.map_or(&nothing, |settings| &settings.grants);
        // Breakers and bulkheads are the service's: its components share its fate.
        let caller = grants.service.as_deref().unwrap_or(id);
        let guards = &self.bridges.guards;
        let redis = self.redis.as_ref().filter(|_| !grants.redis.is_empty());
        let hashing = self.bridges.hashing.as_ref().filter(|_| grants.passwords);
        let producer = self.bridges.producer.as_ref().filter(|_| !grants.produces.is_empty());
        let targets = grants.services.iter().chain(&grants.optional_services);
        let granted = Granted {
            component: id.to_owned(),
            postgres: self.postgres_of(grants)?,
            redis: redis.map(|connection| {
                let grant = KeyGrant::new(&grants.redis);
                Redis::new(Arc::clone(connection), guards.guard(caller, "redis"), grant)
            }),
            producer: producer.map(|producer| (producer.clone(), guards.guard(caller, "kafka"))),
            services: Services::new(caller, Arc::clone(&self.transport), guards, targets),
            passwords: hashing
                .map(|pool| Passwords::new(Arc::clone(pool), guards.guard(caller, "passwords"))),
            memory: grants
                .service
                .as_ref()
                .filter(|_| !grants.memory.is_empty())
                .map(|service| self.bridges.memories.of(service, &grants.memory)),
            limits: settings
                .map(|settings| self.bridges.limiter.component(id, rates_of(&settings.rate_limits))),
            grants: grants.clone(),
        };
        let tracer = &self.bridges.tracer;
        if !tracer.is_on() {
            return Ok(Arc::new(granted));
        }
        Ok(Arc::new(Traced { port: granted, tracer: tracer.clone(), service: caller.into() }))
    }

    /// The components of a service share its connections.
    fn postgres_of(&self, grants: &Grants) -> Result<Option<Postgres>, StartError> {
        let granted = grants.service.as_deref().filter(|_| grants.postgres);
        let config = granted.and_then(|service| Some((service, self.bridges.config.postgres_of(service)?)));
        let Some((service, config)) = config else { return Ok(None) };
        let mut all = self.postgres.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(postgres) = all.get(service) {
            return Ok(Some(postgres.clone()));
        }
        let guard = self.bridges.guards.guard(service, "postgres");
        let postgres = Postgres::new(&config, guard, self.bridges.wake(service))?;
        all.insert(service.to_owned(), postgres.clone());
        Ok(Some(postgres))
    }
}

fn rates_of(written: &RateLimits) -> RatesOverride {
    let rate = |limit: mcsp_manifest::RateLimit| mcsp_limits::Rate {
        per_minute: limit.per_minute,
        burst: limit.burst,
    };
    RatesOverride { user: written.user.map(rate), address: written.address.map(rate) }
}
