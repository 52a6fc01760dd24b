//! What the component is configured with, parsed once for each instance.

use mcsp_function::{Context, MissingVariable};
use mcsp_playback_url::{Signer, ring_from_json};

const KEYS: &str = "video_access_keys";

/// What the component is configured with.
#[derive(Debug)]
pub(crate) struct Settings {
    signer: Signer,
}

impl Settings {
    pub(crate) fn of(context: &Context) -> Result<Self, MissingVariable> {
        let unusable = || MissingVariable(KEYS);
        let ring = ring_from_json(context.variable(KEYS)?).map_err(|_| unusable())?;
        let key = ring.into_iter().next().ok_or_else(unusable)?;
        Ok(Settings { signer: Signer::new(key) })
    }

    /// What signs access grants.
    pub(crate) fn signer(&self) -> &Signer {
        &self.signer
    }
}
