//! Encryption, and what is checked of the server's certificate: libpq's `sslmode` by rustls.
//!
//! | sslmode | encrypted | chain checked | name checked |
//! | --- | --- | --- | --- |
//! | disable | no | | |
//! | prefer | where the server can | no | no |
//! | require | yes | no | no |
//! | verify-ca | yes | yes | no |
//! | verify-full | yes | yes | yes |
//!
//! Unlike libpq, a name counts only where it stands in the certificate's alternative names, as RFC
//! 6125 has it, not in its common name.

use super::spec::{Settings, SslMode};
use crate::system::{ConnectorError, Kind};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_postgres_rustls::MakeRustlsConnect;

/// Where systems keep the certificates of known authorities.
const SYSTEM: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
];

/// What encrypts connections made with `settings`.
pub(crate) fn connector(settings: &Settings) -> Result<MakeRustlsConnect, ConnectorError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = Arc::new(verifier(settings, Arc::clone(&provider))?);
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| refused(format!("TLS cannot be set up: {error}")))?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let config = match &settings.sslcert {
        None => builder.with_no_client_auth(),
        Some((certificate, key)) => builder
            .with_client_auth_cert(certificates(certificate)?, private_key(key)?)
            .map_err(|error| refused(format!("`sslcert` and `sslkey` cannot be used: {error}")))?,
    };
    Ok(MakeRustlsConnect::new(config))
}

fn verifier(
    settings: &Settings,
    provider: Arc<CryptoProvider>,
) -> Result<Verifier, ConnectorError> {
    let checks = match settings.sslmode {
        SslMode::Disable | SslMode::Prefer | SslMode::Require => Checks::Nothing,
        SslMode::VerifyCa => Checks::Chain(authorities(settings)?),
        SslMode::VerifyFull => Checks::ChainAndName(authorities(settings)?),
    };
    Ok(Verifier { checks, provider })
}

/// Those that may sign a server's certificate.
#[derive(Debug)]
struct Authorities {
    roots: RootCertStore,
    /// As they stand in the file: a server may use its own certificate as its authority.
    certificates: Vec<CertificateDer<'static>>,
}

fn authorities(settings: &Settings) -> Result<Authorities, ConnectorError> {
    let Some(path) = &settings.sslrootcert else {
        let message = "`sslmode` asks to verify the server, but `sslrootcert` is missing";
        return Err(refused(message.to_owned()).with_help(
            "set `sslrootcert:` to the file of the authority's certificate, or to `system`",
        ));
    };
    let path = if path.as_os_str() == "system" { system()? } else { path.clone() };
    let certificates = certificates(&path)?;
    let mut roots = RootCertStore::empty();
    if roots.add_parsable_certificates(certificates.iter().cloned()).0 == 0 {
        return Err(refused(format!("`{}` holds no certificate", path.display()))
            .with_help("`sslrootcert:` takes a file in PEM form"));
    }
    Ok(Authorities { roots, certificates })
}

fn system() -> Result<PathBuf, ConnectorError> {
    SYSTEM.iter().map(PathBuf::from).find(|path| path.exists()).ok_or_else(|| {
        refused("this machine has no list of known authorities".to_owned())
            .with_help("set `sslrootcert:` to the file of the authority's certificate")
    })
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, ConnectorError> {
    CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|error| refused(format!("`{}` cannot be read: {error}", path.display())))
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, ConnectorError> {
    PrivateKeyDer::from_pem_file(path)
        .map_err(|error| refused(format!("`{}` cannot be read: {error}", path.display())))
}

fn refused(message: String) -> ConnectorError {
    ConnectorError::new(Kind::Auth, message)
}

/// What is checked of a server's certificate.
#[derive(Debug)]
enum Checks {
    Nothing,
    Chain(Authorities),
    ChainAndName(Authorities),
}

/// Checks a server's certificate as `sslmode` says; the handshake's signature always.
#[derive(Debug)]
struct Verifier {
    checks: Checks,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    fn check_chain(
        &self,
        authorities: &Authorities,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Error> {
        let found = verify_server_cert_signed_by_trust_anchor(
            &ParsedCertificate::try_from(certificate)?,
            &authorities.roots,
            intermediates,
            now,
            self.provider.signature_verification_algorithms.all,
        );
        match found {
            // A certificate that signs itself is fine where it is the one that is trusted; its
            // dates were checked before.
            Err(Error::InvalidCertificate(CertificateError::Other(_)))
                if authorities.certificates.iter().any(|known| known == certificate) =>
            {
                Ok(())
            }
            found => found,
        }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match &self.checks {
            Checks::Nothing => {}
            Checks::Chain(authorities) => {
                self.check_chain(authorities, certificate, intermediates, now)?;
            }
            Checks::ChainAndName(authorities) => {
                self.check_chain(authorities, certificate, intermediates, now)?;
                verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
            }
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
