//! Where components reach the bridge: on this machine, and from nowhere else.

use crate::prompt::PromptListener;
use anyhow::Context;
use axum::Router;
use std::convert::Infallible;
use std::fmt;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::str::FromStr;
use tokio::net::{TcpListener, UnixListener};

/// An address, or else a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Listen {
    /// Port 0 takes a free one.
    Tcp(SocketAddr),
    /// A Unix socket, which is made anew. Its owner alone may use it.
    Unix(PathBuf),
}

impl FromStr for Listen {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(text.parse().map_or_else(|_| Listen::Unix(PathBuf::from(text)), Listen::Tcp))
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Listen::Tcp(address) => address.fmt(f),
            Listen::Unix(path) => path.display().fmt(f),
        }
    }
}

/// What is listened on.
pub(crate) enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener, PathBuf),
}

impl Listener {
    /// Refuses an address that could be reached from outside.
    pub(crate) async fn bind(listen: &Listen) -> anyhow::Result<Self> {
        match listen {
            Listen::Tcp(address) => {
                anyhow::ensure!(
                    address.ip().is_loopback(),
                    "{address} is not a loopback address: the bridge must not be reached from outside"
                );
                Self::anywhere(*address).await
            }
            Listen::Unix(path) => {
                // What a bridge that was killed left behind.
                match std::fs::remove_file(path) {
                    Err(error) if error.kind() != ErrorKind::NotFound => {
                        return Err(error).with_context(|| format!("cannot replace {}", path.display()));
                    }
                    Err(_) | Ok(()) => {}
                }
                let bind = || {
                    let listener = UnixListener::bind(path)?;
                    std::fs::set_permissions(path, PermissionsExt::from_mode(0o600))?;
                    std::io::Result::Ok(listener)
                };
                let listener = bind().with_context(|| format!("cannot listen on {}", path.display()))?;
                Ok(Listener::Unix(listener, path.clone()))
            }
        }
    }

    /// Any address.
    pub(crate) async fn anywhere(address: SocketAddr) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(address).await;
        Ok(Listener::Tcp(listener.with_context(|| format!("cannot listen on {address}"))?))
    }

    /// With the port that was free.
    pub(crate) fn address(&self) -> std::io::Result<Listen> {
        match self {
            Listener::Tcp(listener) => listener.local_addr().map(Listen::Tcp),
            Listener::Unix(_, path) => Ok(Listen::Unix(path.clone())),
        }
    }

    /// Serves until `signalled`, then finishes what is under way.
    pub(crate) async fn serve(
        self,
        router: Router,
        signalled: impl Future<Output = ()> + Send + 'static,
    ) -> std::io::Result<()> {
        match self {
            Listener::Tcp(listener) => {
                axum::serve(PromptListener(listener), router).with_graceful_shutdown(signalled).await
            }
            Listener::Unix(listener, _) => {
                axum::serve(listener, router).with_graceful_shutdown(signalled).await
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_address_is_a_path() {
        assert_eq!("127.0.0.1:9095".parse(), Ok(Listen::Tcp("127.0.0.1:9095".parse().unwrap())));
        assert_eq!("/run/mcsp/bridge.sock".parse(), Ok(Listen::Unix("/run/mcsp/bridge.sock".into())));
    }

    #[tokio::test]
    async fn an_address_that_others_can_reach_is_refused() {
        let refused = Listener::bind(&"0.0.0.0:0".parse().unwrap()).await.err().unwrap();
        assert!(refused.to_string().contains("not a loopback address"), "{refused}");
    }

    #[tokio::test]
    async fn a_socket_that_was_left_behind_is_replaced_and_private() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("bridge.sock");
        let listen = Listen::Unix(path.clone());
        drop(Listener::bind(&listen).await.unwrap());
        assert!(path.exists());
        assert_eq!(Listener::bind(&listen).await.unwrap().address().unwrap(), listen);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
