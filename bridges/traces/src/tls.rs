//! Who vouches for the collector.

use crate::config::ConfigError;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;

/// Whom the machine trusts, or the file that `SSL_CERT_FILE` names.
pub(crate) fn authorities_of_machine() -> RootCertStore {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    store
}

/// The authorities of a file (PEM), and no others.
pub(crate) fn authorities_in(variable: &'static str, path: &str) -> Result<RootCertStore, ConfigError> {
    let unusable = ConfigError { variable, reason: "must be a file with certificates (PEM)" };
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|_| unusable.clone())? {
        let certificate = certificate.map_err(|_| unusable.clone())?;
        store.add(certificate).map_err(|_| unusable.clone())?;
    }
    if store.is_empty() { Err(unusable) } else { Ok(store) }
}

/// TLS with whom these vouch for. None where the process' own library can't do it, which is never.
pub(crate) fn trusting(authorities: RootCertStore) -> Option<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().ok()?;
    Some(config.with_root_certificates(authorities).with_no_client_auth())
}
