//! One service on the stores that `scripts/test` started.

use crate::clock::ShiftedClock;
use crate::database::Database;
use crate::issuer::{AUDIENCE, ISSUER, Issuer};
use crate::memory_clock::MemoryClock;
use crate::names::store_url;
use crate::port::{Port, Traffic};
use crate::stand_in::{auth, serve};
use jiff::Timestamp;
use mcsp_access::{Claims, Role};
use mcsp_bridge::{BridgeConfig, Bridges, Policies, Worker, target_at};
use mcsp_bridge_api::Bridge;
use mcsp_bridge_api::postgres::Statement;
use mcsp_function::{Clock, Context, Environment, TimeOrderedIds};
use mcsp_ids::UserId;
use mcsp_limits::LimitTable;
use mcsp_manifest::{Grants, Manifest, Variables};
use mcsp_memory::{Memories, MemoryConfig};
use mcsp_passwords::PasswordsConfig;
use mcsp_postgres::{OutboxWake, Postgres};
use mcsp_redis::RedisConfig;
use mcsp_services::{ANYWHERE, TargetConfig};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What the bridge and other services present to a component.
pub const BRIDGE_TOKEN: &str = "the-token-of-the-pod";

/// 32 bytes, in base64url.
const AUTH_SECRET: &str = "dGhpcnR5LXR3byBieXRlcyBmb3IgdGVzdHMgb25seSE";
/// 32 octets, the same in all tests.
const SEALING_KEYS: &str = r#"["BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc"]"#;

/// The packager's seeds, in all tests.
pub const CONTENT_KEY_SEEDS: &str = r#"[{"id":"s1","secret":"the seed of all the tests' content keys"}]"#;
/// What signs licence tokens in all tests.
pub const LICENCE_TOKEN_KEYS: &str = r#"[{"id":"l1","secret":"the key of all the tests' licence tokens"}]"#;

/// What signs, in all tests, that a video's password was given.
pub const VIDEO_ACCESS_KEYS: &str = r#"[{"id":"a1","secret":"the key of all the tests' access grants"}]"#;

/// Where stand-ins are.
const LOOPBACK: &str = "127.0.0.0/8";
/// Nothing listens here.
const NOWHERE: &str = "127.0.0.1:1";

/// What differs from `spin.toml` and from the stores that `scripts/test` started.
#[derive(Default)]
pub struct Setup {
    /// Values of the application's variables. Issuer, audience, tokens and keys have values of their own.
    pub variables: Vec<(&'static str, String)>,
    /// Base URLs of targets that the components call. Auth is there; a target that is not given is out of
    /// reach. [`serve`] makes a stand-in of a router.
    pub targets: Vec<(&'static str, String)>,
    /// Whether Redis is out of reach.
    pub redis_is_down: bool,
    /// How passwords are hashed.
    pub passwords: PasswordsConfig,
    /// How often one may ask. Otherwise requests are counted, and none is refused.
    pub limits: Option<LimitTable>,
}

/// One service: a database of its own, the variables and grants that `spin.toml` gives its components, and
/// the real bridge between them and the stores. Kafka is out of reach: what components emit stays in the
/// outbox, and signals are lost.
///
/// To be made and used within the test's runtime.
pub struct Testbed {
    manifest: Arc<Manifest>,
    variables: HashMap<String, String>,
    worker: Worker,
    postgres: Option<Postgres>,
    database: Option<Database>,
    issuer: Issuer,
    clock: ShiftedClock,
    memory_clock: MemoryClock,
    traffic: Arc<Traffic>,
}

impl Testbed {
    /// With a new database that has the service's migrations.
    pub async fn new(service: &str, setup: Setup) -> Self {
        let database = Database::migrated(service, &root().join("migrations")).await;
        Self::over(part_of(service), Some(database), setup).await
    }

    /// With Postgres out of reach.
    pub async fn without_database(service: &str, setup: Setup) -> Self {
        Self::over(part_of(service), None, setup).await
    }

    /// The same database in another setup, as after a restart.
    pub async fn restarted(self, setup: Setup) -> Self {
        Self::over(self.manifest, self.database, setup).await
    }

    async fn over(manifest: Arc<Manifest>, database: Option<Database>, setup: Setup) -> Self {
        let issuer = Issuer::new();
        let mut config = BridgeConfig {
            passwords: setup.passwords,
            policies: Policies { limits: setup.limits.unwrap_or_else(not_enforced), ..Policies::default() },
            token: BRIDGE_TOKEN.to_owned(),
            ..BridgeConfig::default()
        };
        for component in manifest.components.values() {
            let grants = &component.settings.grants;
            if !grants.redis.is_empty() && config.redis.is_none() {
                let nowhere = || format!("redis://{NOWHERE}");
                let url = if setup.redis_is_down { nowhere() } else { store_url("MCSP_TEST_REDIS_URL") };
                config.redis = Some(RedisConfig::at(url));
            }
            for target in &grants.services {
                let reached = match target.as_str() {
                    // Whatever a test registers as a client's, or has fetched.
                    "clients" | "sources" => TargetConfig {
                        networks: vec![LOOPBACK.to_owned()],
                        ..target_at(target, ANYWHERE.to_owned())
                    },
                    _ => TargetConfig::at(format!("http://{NOWHERE}")),
                };
                config.services.targets.insert(target.clone(), reached);
            }
        }
        let auth = serve(auth(issuer.key_set())).await;
        for (target, url) in std::iter::once(("auth", auth)).chain(setup.targets) {
            config.services.targets.insert(target.to_owned(), TargetConfig::at(url));
        }
        let own = [
            ("issuer", ISSUER.to_owned()),
            ("audience", AUDIENCE.to_owned()),
            ("bridge_token", BRIDGE_TOKEN.to_owned()),
            ("auth_signing_keys", issuer.signing_keys()),
            ("auth_secret", AUTH_SECRET.to_owned()),
            ("auth_sealing_keys", SEALING_KEYS.to_owned()),
            ("playback_sealing_keys", SEALING_KEYS.to_owned()),
            ("content_key_seeds", CONTENT_KEY_SEEDS.to_owned()),
            ("licence_token_keys", LICENCE_TOKEN_KEYS.to_owned()),
            ("video_access_keys", VIDEO_ACCESS_KEYS.to_owned()),
            // Of no store: who needs one brings its own.
            ("object_store_access_key", "unused".to_owned()),
            ("object_store_secret_key", "unused".to_owned()),
            ("mail_token_key", "a key of the testbed, and of no other place".to_owned()),
        ];
        let variables = own.into_iter().chain(setup.variables);
        let memory_clock = MemoryClock::default();
        let memories = Memories::with_clock(MemoryConfig::default(), Arc::new(memory_clock.clone()));
        let bridges = Bridges::with_memories(Arc::clone(&manifest), config, memories).unwrap();
        let postgres = database.as_ref().map(|database| {
            let config = database.config();
            let guard = bridges.guards().guard(&config.schema, "postgres");
            Postgres::new(&config, guard, OutboxWake::default()).unwrap()
        });
        Testbed {
            manifest,
            variables: variables.map(|(name, value)| (name.to_owned(), value)).collect(),
            worker: Worker::new(bridges).unwrap(),
            postgres,
            database,
            issuer,
            clock: ShiftedClock::default(),
            memory_clock,
            traffic: Arc::default(),
        }
    }

    /// A component's port to the stores, for what is asked of a storage crate directly.
    pub fn bridge(&self, component: &str) -> Arc<dyn Bridge> {
        // A name that is not there would be granted nothing.
        self.grants(component);
        Arc::new(Port {
            component: component.to_owned(),
            bridge: self.worker.for_component(component).unwrap(),
            postgres: self.postgres.clone(),
            traffic: Arc::clone(&self.traffic),
        })
    }

    /// All that a component may reach.
    pub fn context(&self, component: &str) -> Context {
        let variables = Variables::resolve(&self.manifest, |name| self.variables.get(name).cloned()).unwrap();
        Context::new(Environment {
            bridge: self.bridge(component),
            clock: Arc::new(self.clock.clone()),
            ids: Arc::new(TimeOrderedIds),
            variables: variables.of(component).into_iter().collect(),
        })
    }

    pub(crate) fn grants(&self, component: &str) -> &Grants {
        let found = self.manifest.components.get(component);
        &found.unwrap_or_else(|| panic!("spin.toml gives the service no `{component}`")).settings.grants
    }

    /// What the components asked of Postgres since this was last asked.
    pub(crate) fn take_statements(&self) -> Vec<Statement> {
        std::mem::take(&mut *self.traffic.statements.lock().unwrap())
    }

    pub(crate) fn database(&self) -> &Database {
        self.database.as_ref().expect("this testbed has no database")
    }

    /// The time that components are told.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Makes it later, or earlier again. Stores keep the real time.
    pub fn pass(&self, seconds: i64) {
        self.clock.pass(seconds);
    }

    /// Stops it at the next full second: from then on it only [passes](Self::pass), so that what is to happen at a second does,
    /// however slow the machine is. Stores go on with the real time.
    pub fn stop_clock(&self) {
        self.clock.stop();
    }

    /// Makes what the bridge's memory has so much older.
    pub fn memory_passes(&self, seconds: u64) {
        self.memory_clock.pass(seconds);
    }

    /// An `authorization` header of a user with this role, of the region `eu`.
    pub fn bearer(&self, user: UserId, role: Role) -> String {
        self.bearer_of(&self.claims(user, role))
    }

    /// An `authorization` header with these claims.
    pub fn bearer_of(&self, claims: &Claims) -> String {
        format!("Bearer {}", self.issuer.issue(claims))
    }

    /// What [`bearer`](Self::bearer) signs, to be changed.
    pub fn claims(&self, user: UserId, role: Role) -> Claims {
        Issuer::claims(user, role, self.now())
    }

    /// Cuts the components off from a target of calls, or from `redis`, `postgres` or `limits`, or lets them through
    /// again.
    pub fn set_down(&self, target: &str, down: bool) {
        let mut all = self.traffic.down.lock().unwrap();
        if down {
            all.insert(target.to_owned())
        } else {
            all.remove(target)
        };
    }

    /// The calls that the components made of the bridge since this was last asked: `query`, `transact`,
    /// `publish`, `pipeline`, `call`, `hash_password`, `verify_password`, `try_query`, `try_pipeline`.
    pub fn take_calls(&self) -> Vec<&'static str> {
        std::mem::take(&mut *self.traffic.calls.lock().unwrap())
    }
}

fn not_enforced() -> LimitTable {
    LimitTable { enforced: false, ..LimitTable::default() }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..")
}

/// The service's part of `spin.toml`: what the others need is not asked for.
fn part_of(service: &str) -> Arc<Manifest> {
    let mut manifest = Manifest::load(&root().join("spin.toml")).unwrap();
    manifest.components.retain(|_, component| component.settings.grants.service.as_deref() == Some(service));
    assert!(!manifest.components.is_empty(), "spin.toml has no component of `{service}`");
    Arc::new(manifest)
}
