//! `sslmode`, each as libpq has it.

use super::server::Server;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use sqlflow::connector::{Connector, Kind, Report};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

struct Certificates {
    folder: tempfile::TempDir,
}

impl Certificates {
    /// An authority that signs a server for `localhost` and a client, and one that signs nobody.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: String| fs::write(folder.path().join(name), text).unwrap();
        let authority = |name: &str| {
            let mut params = CertificateParams::new(Vec::new()).unwrap();
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            params.distinguished_name.push(rcgen::DnType::CommonName, name);
            CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
        };
        let (ours, other) = (authority("ours"), authority("other"));
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        write("server.crt", params.signed_by(&key, &ours).unwrap().pem());
        write("server.key", key.serialize_pem());
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(rcgen::DnType::CommonName, "postgres");
        write("client.crt", params.signed_by(&key, &ours).unwrap().pem());
        write("client.key", key.serialize_pem());
        for (name, is_ca) in
            [("self", IsCa::NoCa), ("both", IsCa::Ca(BasicConstraints::Unconstrained))]
        {
            let key = KeyPair::generate().unwrap();
            let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
            params.is_ca = is_ca;
            write(&format!("{name}.crt"), params.self_signed(&key).unwrap().pem());
            write(&format!("{name}.key"), key.serialize_pem());
        }
        write("ours.pem", ours.pem());
        write("other.pem", other.pem());
        write("none.pem", "nothing".to_owned());
        Self { folder }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_string_lossy().into_owned()
    }

    fn server(&self, hba: &str) -> Server {
        self.server_as("server", hba)
    }

    /// A server that shows the certificate `name`.
    fn server_as(&self, name: &str, hba: &str) -> Server {
        Server::with(&["ssl=on", "ssl_ca_file=ours.pem"], |data: &Path| {
            for (from, to) in [
                (format!("{name}.crt"), "server.crt"),
                (format!("{name}.key"), "server.key"),
                ("ours.pem".to_owned(), "ours.pem"),
            ] {
                fs::copy(self.path(&from), data.join(to)).unwrap();
            }
            let private = fs::Permissions::from_mode(0o600);
            fs::set_permissions(data.join("server.key"), private).unwrap();
            fs::write(data.join("pg_hba.conf"), hba).unwrap();
        })
    }
}

/// The first check that fails, or what the first says.
fn outcome(report: &Report) -> Result<String, (Kind, String)> {
    for (_, check) in &report.checks {
        if let Err(error) = check {
            return Err((error.kind, error.message.clone()));
        }
    }
    Ok(report.checks[0].1.clone().unwrap())
}

#[test]
fn each_sslmode_checks_what_it_says() {
    let certificates = Certificates::new();
    let server = certificates.server("host all all all trust\nhost all all ::1/128 trust\n");
    let try_with = |host: &str, mode: &str, root: Option<&str>| {
        let root = root.map(|name| certificates.path(name));
        let mut more = vec![("host", host), ("sslmode", mode)];
        more.extend(root.as_deref().map(|root| ("sslrootcert", root)));
        outcome(&server.connector(&more).test_connection())
    };
    let (by_name, by_address) = ("localhost", "127.0.0.1");
    let encrypted = |host: &str| Ok(format!("{host}:{}, encrypted", server.port));
    assert_eq!(try_with(by_name, "disable", None), Ok(format!("localhost:{}", server.port)));
    for mode in ["prefer", "require"] {
        assert_eq!(try_with(by_name, mode, None), encrypted(by_name));
        assert_eq!(try_with(by_address, mode, None), encrypted(by_address));
    }
    for mode in ["require", "verify-ca", "verify-full"] {
        assert_eq!(try_with(by_name, mode, Some("ours.pem")), encrypted(by_name));
        let (kind, message) = try_with(by_name, mode, Some("other.pem")).unwrap_err();
        assert_eq!(kind, Kind::Auth, "{message}");
        assert!(message.contains("UnknownIssuer"), "{message}");
    }
    for mode in ["require", "verify-ca"] {
        assert_eq!(try_with(by_address, mode, Some("ours.pem")), encrypted(by_address));
    }
    let (kind, message) = try_with(by_address, "verify-full", Some("ours.pem")).unwrap_err();
    assert_eq!(kind, Kind::Auth);
    assert!(message.contains("not valid for name"), "{message}");
    for (root, expected) in [
        (None, "`sslmode` asks to verify the server, but `sslrootcert` is missing"),
        (Some("none.pem"), "none.pem` holds no certificate"),
        (Some("gone.pem"), "gone.pem` cannot be read"),
    ] {
        let (kind, message) = try_with(by_name, "verify-ca", root).unwrap_err();
        assert_eq!(kind, Kind::Auth);
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn a_certificate_that_signs_itself_is_its_own_authority() {
    let certificates = Certificates::new();
    for name in ["self", "both"] {
        let server = certificates.server_as(name, "host all all all trust\n");
        for (host, mode, root, is_good) in [
            ("localhost", "verify-full", name, true),
            ("127.0.0.1", "verify-ca", name, true),
            ("127.0.0.1", "verify-full", name, false),
            ("localhost", "verify-ca", "server", false),
        ] {
            let root = certificates.path(&format!("{root}.crt"));
            let more = [("host", host), ("sslmode", mode), ("sslrootcert", &root)];
            let outcome = outcome(&server.connector(&more).test_connection());
            assert_eq!(outcome.is_ok(), is_good, "{name} {host} {mode}: {outcome:?}");
        }
    }
}

#[test]
fn a_client_can_show_a_certificate_of_its_own() {
    let certificates = Certificates::new();
    let server = certificates.server("hostssl all all all cert\nlocal all all trust\n");
    let (certificate, key) = (certificates.path("client.crt"), certificates.path("client.key"));
    let with =
        [("sslmode", "require"), ("sslcert", certificate.as_str()), ("sslkey", key.as_str())];
    assert!(outcome(&server.connector(&with).test_connection()).is_ok());
    let (kind, message) = outcome(&server.connector(&with[..1]).test_connection()).unwrap_err();
    assert_eq!(kind, Kind::Auth, "{message}");
}

#[test]
fn a_server_without_encryption_refuses_require_and_pleases_prefer() {
    let server = Server::start();
    let of = |mode: &str| outcome(&server.connector(&[("sslmode", mode)]).test_connection());
    assert_eq!(of("prefer"), Ok(format!("127.0.0.1:{}", server.port)));
    let expected =
        format!("the server at 127.0.0.1:{} does not offer encrypted connections", server.port);
    assert_eq!(of("require"), Err((Kind::Auth, expected)));
}

#[test]
fn prefer_falls_back_where_the_server_wants_no_encryption() {
    let certificates = Certificates::new();
    let server = certificates.server("hostnossl all all all trust\n");
    let of = |mode: &str| outcome(&server.connector(&[("sslmode", mode)]).test_connection());
    assert_eq!(of("prefer"), Ok(format!("127.0.0.1:{}", server.port)));
    assert_eq!(of("require").unwrap_err().0, Kind::Auth);
}

#[test]
fn a_relative_path_starts_at_the_project() {
    use crate::project::Project;
    let certificates = Certificates::new();
    let server = certificates.server("hostssl all all all trust\n");
    let port = server.port;
    let profiles = |root: &str| {
        format!(
            "shop:\n  outputs:\n    default: {{type: postgres, host: localhost, port: {port}, user: postgres, \
             dbname: postgres, sslmode: verify-full, sslrootcert: {root}}}\n"
        )
    };
    let ours = fs::read_to_string(certificates.path("ours.pem")).unwrap();
    let project = Project::new()
        .file("profiles.yml", &profiles("certificates/ours.pem"))
        .file("certificates/ours.pem", &ours)
        .model("one", "select 1 as id");
    let root = project.root().to_owned();
    let elsewhere = Project::new();
    let build = ["build", "--project-dir", root.to_str().unwrap()];
    elsewhere.run(build).succeeds().tallies("PASS=1 WARN=0 ERROR=0 SKIP=0");
    project.write("profiles.yml", &profiles("certificates/none.pem"));
    project.run(["build"]).exits(3).stderr_contains("`certificates/none.pem` cannot be read");
}
