//! What the component is configured with, parsed once for each instance.

use mcsp_function::{Context, MissingVariable};
use mcsp_playback_url::{Key, Verifier, ring_from_json};
use playback_storage::Bounds;

/// What the component is configured with.
#[derive(Debug)]
pub(crate) struct Settings {
    verifier: Verifier,
    seeds: Vec<Key>,
    bounds: Bounds,
}

impl Settings {
    pub(crate) fn of(context: &Context) -> Result<Self, MissingVariable> {
        let ring =
            |name: &'static str| ring_from_json(context.variable(name)?).map_err(|_| MissingVariable(name));
        Ok(Settings {
            verifier: Verifier::new(ring("licence_token_keys")?),
            seeds: ring("content_key_seeds")?,
            bounds: Bounds::of(context)?,
        })
    }

    /// What checks licence tokens.
    pub(crate) fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// What the keys of a video are derived from.
    pub(crate) fn seed(&self, id: &str) -> Option<&Key> {
        self.seeds.iter().find(|seed| seed.id() == id)
    }

    /// What an outage may cost.
    pub(crate) fn bounds(&self) -> &Bounds {
        &self.bounds
    }
}
