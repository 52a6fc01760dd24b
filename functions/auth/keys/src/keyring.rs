//! The keys of an instance.

use crate::key::{UnusableKey, new_key, open, seal};
use auth_domain::ACCESS_TOKEN_LIFE;
use auth_storage::signing_keys::{self, StoredKey};
use jiff::{SignedDuration, Timestamp};
use mcsp_access::{KeySet, SigningKey, public_jwk};
use mcsp_function::{Context, MissingVariable};
use mcsp_problem::Problem;
use mcsp_rotation::{KeySchedule, KeyTimes};
use mcsp_seal::SealingKeys;
use std::sync::{Arc, Mutex, PoisonError};

/// How long an instance keeps what it has read: far shorter than a new key is published before it signs.
const FRESH_FOR: SignedDuration = SignedDuration::from_secs(10);

/// What a component that signs or publishes needs.
pub const VARIABLES: [&str; 2] = ["sealing_keys", "signing_keys"];

/// The keys that sign and are published.
#[derive(Clone, Debug)]
pub struct SigningKeyring(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    sealing: SealingKeys,
    /// From before keys were kept in Postgres: becomes the first one there.
    inherited: Option<String>,
    kept: Mutex<Option<Kept>>,
}

#[derive(Clone, Debug)]
struct Kept {
    keys: Arc<Keys>,
    since: Timestamp,
}

/// All keys that there are.
#[derive(Debug)]
struct Keys {
    stored: Vec<StoredKey>,
    schedule: KeySchedule,
    /// The one that signed last, opened.
    opened: Mutex<Option<Arc<SigningKey>>>,
}

impl SigningKeyring {
    /// With the component's [`VARIABLES`].
    pub fn of(context: &Context) -> Result<Self, MissingVariable> {
        let [sealing, inherited] = VARIABLES;
        let keys = SealingKeys::from_json(context.variable(sealing)?);
        let unusable = MissingVariable(inherited);
        let jwks: Vec<serde_json::Value> =
            serde_json::from_str(context.variable(inherited)?).map_err(|_| unusable.clone())?;
        let jwk = jwks.first().map(serde_json::Value::to_string);
        if jwk.as_deref().is_some_and(|jwk| SigningKey::from_jwk(jwk).is_err()) {
            return Err(unusable);
        }
        let sealing = keys.map_err(|_| MissingVariable(sealing))?;
        Ok(SigningKeyring(Arc::new(Inner { sealing, inherited: jwk, kept: Mutex::new(None) })))
    }

    /// What seals new keys.
    pub fn sealing(&self) -> &SealingKeys {
        &self.0.sealing
    }

    /// The key that signs now.
    pub async fn signer(&self, context: &Context) -> Result<Arc<SigningKey>, Problem> {
        let keys = self.keys(context).await?;
        keys.signer(&self.0.sealing, context.now()).map_err(|error| Problem::internal(&error))
    }

    /// The JWK Set to be published now (RFC 7517 section 5). While Postgres is away it is what the instance last
    /// knew: the times in it go on being right.
    pub async fn published(&self, context: &Context) -> Result<serde_json::Value, Problem> {
        let keys = match self.keys(context).await {
            Ok(keys) => keys,
            Err(problem) => self.kept().map(|kept| kept.keys).ok_or(problem)?,
        };
        Ok(keys.published(context.now()))
    }

    /// What verifies the tokens that are out.
    pub async fn key_set(&self, context: &Context) -> Result<KeySet, Problem> {
        let published = self.published(context).await?.to_string();
        KeySet::from_json(published.as_bytes()).map_err(|error| Problem::internal(&error))
    }

    async fn keys(&self, context: &Context) -> Result<Arc<Keys>, Problem> {
        let now = context.now();
        if let Some(kept) = self.kept().filter(|kept| now.duration_since(kept.since) < FRESH_FOR) {
            return Ok(kept.keys);
        }
        let keys = Arc::new(Keys::of(self.load(context).await?));
        let kept = Kept { keys: Arc::clone(&keys), since: now };
        *self.0.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
        Ok(keys)
    }

    /// Reads all keys; makes the first one where there is none.
    async fn load(&self, context: &Context) -> Result<Vec<StoredKey>, Problem> {
        let stored = signing_keys::list(context.bridge()).await?;
        if !stored.is_empty() {
            return Ok(stored);
        }
        let times = KeyTimes::first(context.now());
        let inherited = self.0.inherited.as_deref().and_then(|jwk| SigningKey::from_jwk(jwk).ok());
        let first = match inherited {
            Some(key) => seal(context, &self.0.sealing, key, 1, times),
            None => new_key(context, &self.0.sealing, 1, times),
        };
        signing_keys::insert_first(context.bridge(), &first).await?;
        // Perhaps somebody was faster: what stands there is what everybody uses.
        signing_keys::list(context.bridge()).await
    }

    fn kept(&self) -> Option<Kept> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Keys {
    fn of(stored: Vec<StoredKey>) -> Self {
        let schedule = KeySchedule::new(stored.iter().map(|key| key.times).collect(), ACCESS_TOKEN_LIFE);
        Keys { stored, schedule, opened: Mutex::new(None) }
    }

    fn signer(&self, sealing: &SealingKeys, at: Timestamp) -> Result<Arc<SigningKey>, UnusableKey> {
        let stored = self.schedule.signer(at).and_then(|index| self.stored.get(index));
        let stored = stored.ok_or(UnusableKey::Missing)?;
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        match &*opened {
            Some(key) if key.id() == stored.kid => Ok(Arc::clone(key)),
            _ => {
                let key = Arc::new(open(sealing, stored)?);
                *opened = Some(Arc::clone(&key));
                Ok(key)
            }
        }
    }

    fn published(&self, at: Timestamp) -> serde_json::Value {
        let roles = self.schedule.roles(at);
        let published = self.stored.iter().zip(roles).filter(|(_, role)| role.is_published());
        let keys: Vec<_> = published.map(|(key, _)| public_jwk(&key.kid, &key.public_key)).collect();
        serde_json::json!({ "keys": keys })
    }
}
