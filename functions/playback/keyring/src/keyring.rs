//! The keys of an instance.

use crate::keys::{Keys, Known};
use crate::secret::{UnusableKey, secret_of};
use jiff::{SignedDuration, Timestamp};
use mcsp_function::{Context, MissingVariable};
use mcsp_playback_url::{Key, KeySecret, Signer, Verifier, secrets_from_json};
use mcsp_rotation::KeyRole;
use mcsp_seal::SealingKeys;
use playback_storage::signing_keys::{self, StoredKey};
use playback_storage::{Bounds, StoreError, memory};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How long an instance goes on with what it has read, and what is remembered is taken without a look at Postgres: far
/// shorter than a new key is published before it signs.
const FRESH_FOR: SignedDuration = SignedDuration::from_secs(10);
const COPY_FRESH_MS: u64 = 10_000;
/// From this age on Postgres is asked before what is remembered is taken, and not after the answer.
const COPY_OLD_MS: u64 = 5 * 60 * 1000;

/// What a component that signs or tells the keys needs.
pub const VARIABLES: [&str; 2] = ["sealing_keys", "playback_url_keys"];

/// The keys that sign playback URLs.
#[derive(Clone, Debug)]
pub struct Keyring(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    sealing: SealingKeys,
    /// The one that signs first.
    configured: Vec<KeySecret>,
    kept: Mutex<Kept>,
}

#[derive(Debug)]
struct Kept {
    ring: Arc<Ring>,
    stored: Vec<StoredKey>,
    /// When it was made; none of what the configuration alone has.
    since: Option<Timestamp>,
}

/// What signs now, and what is believed.
#[derive(Clone, Debug)]
pub struct Ring {
    /// The current key.
    pub signer: Signer,
    /// All that are good.
    pub verifier: Verifier,
}

impl Keyring {
    /// With the component's [`VARIABLES`].
    pub fn of(context: &Context) -> Result<Self, MissingVariable> {
        let [sealing, configured] = VARIABLES;
        let secrets = secrets_from_json(context.variable(configured)?).unwrap_or_default();
        let keys: Vec<Key> = secrets.iter().filter_map(|secret| secret.key().ok()).collect();
        let ring = Ring::of(keys.first().cloned(), keys).ok_or(MissingVariable(configured))?;
        let sealing_keys = SealingKeys::from_json(context.variable(sealing)?);
        let kept = Kept { ring: Arc::new(ring), stored: Vec::new(), since: None };
        Ok(Keyring(Arc::new(Inner {
            sealing: sealing_keys.map_err(|_| MissingVariable(sealing))?,
            configured: secrets,
            kept: Mutex::new(kept),
        })))
    }

    /// What seals new keys.
    pub fn sealing(&self) -> &SealingKeys {
        &self.0.sealing
    }

    /// The keys of the configuration, the one that signs first.
    pub fn configured(&self) -> &[KeySecret] {
        &self.0.configured
    }

    /// What signs and is believed, as it was when it was last [looked for](Self::refresh).
    pub fn ring(&self) -> Arc<Ring> {
        Arc::clone(&self.kept().ring)
    }

    /// Looks for keys that were made since: in what this process remembers, which costs no I/O, and where that is old, in
    /// Postgres, if it is well. Where neither can tell, the keys of the configuration sign.
    pub async fn refresh(&self, context: &Context, bounds: &Bounds) {
        let now = context.now();
        if self.kept().since.is_some_and(|since| now.duration_since(since) < FRESH_FOR) {
            return;
        }
        let stored = remembered(context, bounds).await;
        let mut kept = self.kept();
        if let Some(stored) = stored {
            kept.stored = stored;
        }
        kept.ring = Arc::new(self.0.ring_of(&kept.stored, now).unwrap_or_else(|| (*kept.ring).clone()));
        kept.since = Some(now);
    }

    /// All keys, as Postgres has them now. They are remembered.
    pub async fn all(&self, context: &Context) -> Result<Keys, StoreError> {
        let stored = signing_keys::list(context.bridge()).await?;
        remember(context, &stored).await;
        Ok(Keys::of(&self.0.configured, stored))
    }

    /// The secret of a key.
    pub fn secret(&self, known: &Known) -> Result<KeySecret, UnusableKey> {
        secret_of(known, &self.0.configured, &self.0.sealing)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Of the keys that can be used here. None where all are revoked.
    fn ring_of(&self, stored: &[StoredKey], at: Timestamp) -> Option<Ring> {
        let (mut keys, mut opened) = (Keys::of(&self.configured, stored.to_vec()), HashMap::new());
        // What does not open here signs nothing, and takes no other key's place.
        keys.retain(|known| {
            let key = self.key(known).map(|key| opened.insert(known.kid.clone(), key));
            key.is_some() || known.is_revoked(at)
        });
        let (mut signer, mut good) = (None, Vec::new());
        for (known, role) in keys.roles(at).filter(|(_, role)| role.is_published()) {
            let Some(key) = opened.remove(&known.kid) else { continue };
            if role == KeyRole::Current {
                signer = Some(key.clone());
            }
            good.push(key);
        }
        Ring::of(signer, good)
    }

    fn key(&self, known: &Known) -> Option<Key> {
        secret_of(known, &self.configured, &self.sealing).ok()?.key().ok()
    }
}

impl Ring {
    fn of(signer: Option<Key>, good: Vec<Key>) -> Option<Self> {
        Some(Ring { signer: Signer::new(signer?), verifier: Verifier::new(good) })
    }
}

/// What is known of the keys that were made; none where nobody can tell.
async fn remembered(context: &Context, bounds: &Bounds) -> Option<Vec<StoredKey>> {
    let copy = memory::signing_keys(context.bridge()).await.ok().flatten();
    match copy {
        Some(copy) if copy.age_ms < COPY_FRESH_MS => Some(copy.known),
        Some(copy) if copy.age_ms < COPY_OLD_MS => {
            let own = context.clone();
            context.after_answer(async move {
                if let Ok(stored) = signing_keys::list(own.bridge()).await {
                    remember(&own, &stored).await;
                }
            });
            Some(copy.known)
        }
        copy => match signing_keys::try_list(context.bridge(), bounds).await {
            Ok(stored) => {
                remember(context, &stored).await;
                Some(stored)
            }
            Err(_) => copy.map(|copy| copy.known),
        },
    }
}

async fn remember(context: &Context, stored: &[StoredKey]) {
    // Without the copy Postgres is asked again.
    drop(memory::keep_signing_keys(context.bridge(), stored).await);
}
