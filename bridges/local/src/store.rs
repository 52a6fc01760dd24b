//! A store of a stack: started here, running elsewhere, or not there at all.

use crate::config::Source;
use crate::error::LocalError;
use crate::progress::Progress;
use std::future::Future;
use std::time::Instant;

/// A store of a stack; `P` is its private form.
#[derive(Debug)]
pub(crate) enum Store<P> {
    Private(P),
    External(String),
    Off,
}

/// How a store is called.
#[derive(Clone, Copy)]
pub(crate) struct Names {
    /// For people.
    pub(crate) store: &'static str,
    /// The environment variable that names another one.
    pub(crate) variable: &'static str,
}

impl<P> Store<P> {
    /// Launches or checks it, as its source says.
    pub(crate) async fn open<Launched, Checked>(
        source: &Source,
        names: Names,
        progress: &dyn Progress,
        launch: impl FnOnce() -> Launched,
        check: impl FnOnce(String) -> Checked,
    ) -> Result<Self, LocalError>
    where
        Launched: Future<Output = Result<P, LocalError>>,
        Checked: Future<Output = Result<(), String>>,
    {
        let begun = Instant::now();
        let Names { store, variable } = names;
        match source {
            Source::Off => Ok(Self::Off),
            Source::External(url) => {
                check(url.clone()).await.map_err(|cause| LocalError::External { store, variable, cause })?;
                progress.done(&format!("{store} of {variable} answers"), begun.elapsed());
                Ok(Self::External(url.clone()))
            }
            Source::Private => {
                let private = launch().await?;
                progress.done(&format!("{store} answers"), begun.elapsed());
                Ok(Self::Private(private))
            }
        }
    }

    pub(crate) fn private(&self) -> Option<&P> {
        match self {
            Self::Private(private) => Some(private),
            Self::External(_) | Self::Off => None,
        }
    }

    /// Its address, wherever it runs.
    pub(crate) fn address<A>(
        &self,
        of_private: impl Fn(&P) -> A,
        of_external: impl Fn(&str) -> A,
    ) -> Option<A> {
        match self {
            Self::Private(private) => Some(of_private(private)),
            Self::External(url) => Some(of_external(url)),
            Self::Off => None,
        }
    }
}
