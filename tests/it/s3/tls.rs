//! Stores behind TLS: which certificates are taken, and what is said of others.

use super::server::{KEY, SECRET, Server};
use crate::project::{PROFILES, Project};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;

/// A way to a store that speaks TLS, as `localhost`.
struct Secure {
    port: u16,
    _runtime: Runtime,
    /// The authority that signed its certificate.
    authority: String,
}

impl Secure {
    fn before(server: &Server) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &authority).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        let to = server.endpoint().trim_start_matches("http://").to_owned();
        runtime.spawn(pass_on(listener, TlsAcceptor::from(Arc::new(config)), to));
        Self { port, _runtime: runtime, authority: authority.pem() }
    }
}

async fn pass_on(listener: TcpListener, acceptor: TlsAcceptor, to: String) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { return };
        let (acceptor, to) = (acceptor.clone(), to.clone());
        tokio::spawn(async move {
            // Who does not trust us goes away.
            let Ok(mut client) = acceptor.accept(stream).await else { return };
            let Ok(mut server) = TcpStream::connect(to).await else { return };
            _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
        });
    }
}

fn project(host: &str, port: u16) -> Project {
    let lake = format!(
        "  connections:\n    lake: {{type: s3, bucket: shop, endpoint: 'https://{host}:{port}', access_key_id: {KEY}, secret_access_key: {SECRET}}}\n"
    );
    Project::new()
        .file("profiles.yml", &format!("{PROFILES}{lake}"))
        .file(
            "sources/raw.yml",
            "sources:\n  - {name: raw, connection: lake, tables: [{name: rows, path: in/*.csv}]}\n",
        )
        .file(
            "models/exports.yml",
            "exports:\n  - {name: one, query: select 1 as id, connection: lake, path: out.csv}\n",
        )
}

#[test]
fn a_certificate_is_trusted_where_its_authority_is() {
    let server = Server::start();
    server.object("in/a.csv", "id\n1\n2\n");
    let secure = Secure::before(&server);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, &secure.authority).unwrap();
    let trusting = |host| project(host, secure.port).env("SSL_CERT_FILE", file.to_str().unwrap());
    let ours = trusting("localhost");
    ours.run(["build"]).succeeds();
    assert_eq!(std::fs::read(server.bucket("shop").join("out.csv")).unwrap(), b"id\n1\n");
    assert_eq!(ours.query("select count(*) from raw.rows"), serde_json::json!([[2]]));
    ours.run(["debug"]).succeeds().stdout_contains(&format!("https://localhost:{}", secure.port));
    for (project, why) in [
        (project("localhost", secure.port), "UnknownIssuer"),
        (trusting("127.0.0.1"), "not valid for name"),
    ] {
        for verb in ["load", "export"] {
            let ran = project.run([verb]).exits(3).stderr_contains("error[SF604]: `https://");
            ran.stderr_contains(why).stderr_contains("SSL_CERT_FILE");
        }
    }
}

#[test]
fn a_machine_without_certificates_says_so() {
    let server = Server::start();
    server.object("in/a.csv", "id\n1\n2\n");
    let secure = Secure::before(&server);
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("none.pem");
    std::fs::write(&empty, "").unwrap();
    let none = project("localhost", secure.port).env("SSL_CERT_FILE", empty.to_str().unwrap());
    none.run(["export"]).exits(3).stderr_contains("error[SF604]: `https://");
    // Where nothing is encrypted, none is needed.
    let plain = none
        .read("profiles.yml")
        .replace(&format!("https://localhost:{}", secure.port), &server.endpoint());
    none.write("profiles.yml", &plain);
    none.run(["build"]).succeeds();
}
