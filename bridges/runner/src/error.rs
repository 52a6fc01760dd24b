//! Why a runner does not start.

use std::net::SocketAddr;
use std::path::PathBuf;

/// Why a runner does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address to serve on is taken or not ours.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The address of the admin face is taken or not ours.
    #[error("cannot listen on the admin address {address}")]
    Admin {
        /// The address, as it was given.
        address: String,
        /// Why.
        source: std::io::Error,
    },
    /// A component could not be made ready.
    #[error("component `{component}`")]
    Component {
        /// The component.
        component: String,
        /// Why.
        source: CodeError,
    },
    /// The WebAssembly engine could not be set up.
    #[error("cannot set up the WebAssembly engine")]
    Engine(#[source] wasmtime::Error),
    /// The manifest's routes could not be taken.
    #[error(transparent)]
    Routes(#[from] mcsp_manifest::ManifestError),
    /// A thread could not be started, or ended while it started.
    #[error("cannot start a worker thread")]
    Thread(#[source] std::io::Error),
}

/// Why a component has no code.
#[derive(Debug, thiserror::Error)]
pub enum CodeError {
    /// The `.wasm` file could not be read.
    #[error("cannot read {}: build it first", path.display())]
    Source {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// What lies in the cache is executed.
    #[error("{} belongs to another user or can be written by others; take it back (chmod go-w) or choose another directory", path.display())]
    CacheOfOthers {
        /// The directory.
        path: PathBuf,
    },
    /// What was compiled before cannot be used: it is missing, or another version's.
    #[error("{} is no code of this mcsp: compile it with `mcsp precompile`", path.display())]
    Precompiled {
        /// The file.
        path: PathBuf,
        /// Why.
        source: wasmtime::Error,
    },
    /// The cache directory could not be used.
    #[error("cannot write compiled code to {}", path.display())]
    Cache {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is no component, or one that this runner cannot compile.
    #[error("cannot compile {}", path.display())]
    Compile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: wasmtime::Error,
    },
    /// It imports what the runner does not offer, or exports no `wasi:http/handler`.
    #[error("cannot link it")]
    Link(#[source] wasmtime::Error),
    /// It could not be instantiated.
    #[error("cannot instantiate it")]
    Instantiate(#[source] wasmtime::Error),
}
