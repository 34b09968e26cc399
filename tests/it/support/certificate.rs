//! A TLS server with an untrusted certificate. Its key protects nothing.

use std::net::TcpStream;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection};

/// Presents the certificate to a client, which should close the connection.
pub(crate) fn greet_with_unknown_certificate(mut stream: TcpStream) {
    let certificate = CertificateDer::from_pem_slice(include_bytes!("unknown_certificate.pem")).expect("a certificate");
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("unknown_key.pem")).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider supports TLS")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("key and certificate belong together");
    let mut connection = ServerConnection::new(Arc::new(config)).expect("the configuration is valid");
    // The client refuses the certificate, which is an error here.
    while connection.is_handshaking() && connection.complete_io(&mut stream).is_ok() {}
}
