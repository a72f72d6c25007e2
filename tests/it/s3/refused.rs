//! What a store refuses: what is said, of which kind, and that no secret is in it.

use super::faults::Fault;
use super::server::{KEY, SECRET, Server};
use crate::corpus::session;
use sqlflow::connector::ConnectorError;
use sqlflow::connector::Kind;
use sqlflow::connector::file::{FileError, FileObject};
use sqlflow::connector::s3::S3;

fn read(s3: &S3, path: &str) -> Result<u64, FileError> {
    let object = FileObject { path: path.to_owned(), ..FileObject::default() };
    let mut session = session();
    let scan = s3.scan(&object, &s3.find(&object)?, &mut *session)?;
    Ok(scan.row_count.unwrap())
}

fn refused(s3: &S3, path: &str) -> ConnectorError {
    match read(s3, path).unwrap_err() {
        FileError::Remote(error) => error,
        other => panic!("{other}"),
    }
}

const RIGHT: [(&str, &str); 2] = [("access_key_id", KEY), ("secret_access_key", SECRET)];

#[test]
fn each_refusal_is_of_its_kind_and_says_what_to_do() {
    let server = Server::start();
    let s3 = server.with(&RIGHT);
    let other_secret =
        server.with(&[("access_key_id", KEY), ("secret_access_key", "another-secret-0123456789")]);
    let other_key = server.with(&[("access_key_id", "AKIANOBODY"), ("secret_access_key", SECRET)]);
    let nobody = server.with(&[("anonymous", "true")]);
    let store = server.endpoint();
    for (s3, path, kind, message, help) in [
        (
            &s3,
            "s3://nowhere/a.csv",
            Kind::NotFound,
            "there is no bucket `nowhere`".to_owned(),
            format!("it was looked for at `{store}`: check it and `endpoint`"),
        ),
        (
            &s3,
            "s3://nowhere/*.csv",
            Kind::NotFound,
            "there is no bucket `nowhere`".to_owned(),
            format!("it was looked for at `{store}`: check it and `endpoint`"),
        ),
        (
            &s3,
            "s3://closed/a.csv",
            Kind::Permission,
            "`s3://closed/a.csv` may not be read (AccessDenied)".to_owned(),
            "the credentials need s3:GetObject on it".to_owned(),
        ),
        (
            &s3,
            "s3://closed/*.csv",
            Kind::Permission,
            "`s3://closed` may not be listed (AccessDenied)".to_owned(),
            "the credentials need s3:ListBucket on it".to_owned(),
        ),
        (
            &nobody,
            "s3://shop/a.csv",
            Kind::Permission,
            "`s3://shop/a.csv` may not be read (AccessDenied)".to_owned(),
            "it is not public: leave `anonymous` out and give credentials".to_owned(),
        ),
        (
            &s3,
            "s3://abroad/a.csv",
            Kind::NotFound,
            "bucket `abroad` is in region `eu-north-1`, not `us-east-1`".to_owned(),
            "set `region: eu-north-1`".to_owned(),
        ),
        (
            &s3,
            "s3://afar/*.csv",
            Kind::NotFound,
            "bucket `afar` is in region `sa-east-1`, not `us-east-1`".to_owned(),
            "set `region: sa-east-1`".to_owned(),
        ),
        (
            &other_secret,
            "s3://shop/a.csv",
            Kind::Auth,
            format!("`{store}` refuses the signature"),
            "`secret_access_key` does not go with `access_key_id`".to_owned(),
        ),
        (
            &other_key,
            "s3://shop/*.csv",
            Kind::Auth,
            format!("`{store}` does not know these credentials (NotSignedUp)"),
            "check `access_key_id`, `session_token` and `endpoint`".to_owned(),
        ),
    ] {
        let error = refused(s3, path);
        assert_eq!((error.kind, &error.message), (kind, &message), "{path}");
        assert_eq!(error.help.as_ref(), Some(&help), "{path}");
    }
}

#[test]
fn nothing_that_is_said_holds_a_secret() {
    let server = Server::start();
    server.object("a.csv", "id\n1\n");
    let wrong = "wrong-secret-that-nobody-may-see";
    let token = "token-that-nobody-may-see-either";
    let keys = [("access_key_id", KEY), ("secret_access_key", wrong), ("session_token", token)];
    let mut said = String::new();
    for more in [&[][..], &[("endpoint", "http://127.0.0.1:9")], &[("bucket", "abroad")]] {
        let mut all = keys.to_vec();
        all.extend(more);
        let s3 = server.with(&all);
        said += &format!("{s3:?} {:?}", s3.test_connection());
        for path in ["s3://shop/a.csv", "s3://shop/*.csv", "s3://closed/a.csv", "s3://abroad/a"] {
            said += &format!("{:?}", read(&s3, path).unwrap_err());
        }
        said += &format!("{:?}", s3.upload("s3://shop/x", &mut &b"x"[..]).unwrap_err());
    }
    assert!(!said.contains(wrong) && !said.contains(token), "{said}");
    assert!(said.contains("cannot be reached") && said.len() > 1_000, "{said}");
}

#[test]
fn a_store_that_is_not_there_is_named() {
    let server = Server::start();
    let mut all = RIGHT.to_vec();
    all.extend([("endpoint", "http://127.0.0.1:9"), ("bucket", "shop")]);
    let error = refused(&server.with(&all), "a.csv");
    assert_eq!(error.kind, Kind::Network);
    let message = "`http://127.0.0.1:9` cannot be reached: Connection refused (os error 111)";
    assert_eq!(error.message, message);
    all[2].1 = "http://nowhere.invalid";
    let error = refused(&server.with(&all), "a.csv");
    assert_eq!(error.kind, Kind::Network);
    assert!(error.message.starts_with("`http://nowhere.invalid` cannot be reached: "), "{error}");
}

#[test]
fn credentials_that_stay_expired_are_an_error() {
    let server = Server::start();
    server.object("a.csv", "id\n1\n2\n");
    *server.faults.next.lock().unwrap() = vec![Fault::Expired; 2];
    assert_eq!(read(&server.s3(), "a.csv").unwrap(), 2);
    *server.faults.next.lock().unwrap() = vec![Fault::Expired; 3];
    let error = refused(&server.s3(), "a.csv");
    assert_eq!((error.kind, error.message.as_str()), (Kind::Auth, "the credentials have expired"));
}

#[test]
fn a_store_that_stays_overloaded_is_an_error() {
    let server = Server::start();
    server.object("a.csv", "id\n1\n2\n");
    *server.faults.next.lock().unwrap() = vec![Fault::SlowDown; 8];
    assert_eq!(read(&server.s3(), "a.csv").unwrap(), 2);
    *server.faults.next.lock().unwrap() = vec![Fault::SlowDown; 9];
    let error = refused(&server.s3(), "a.csv");
    assert_eq!(error.kind, Kind::Resource);
    assert_eq!(
        error.message,
        "the store is overloaded or out of order: SlowDown: Reduce your rate"
    );
}

#[test]
fn public_buckets_are_read_by_anybody() {
    let server = Server::start();
    std::fs::write(server.bucket("public").join("a.csv"), "id\n1\n2\n").unwrap();
    let s3 = server.with(&[("anonymous", "true"), ("bucket", "public")]);
    assert_eq!(read(&s3, "a.csv").unwrap(), 2);
    assert_eq!(read(&s3, "*.csv").unwrap(), 2);
    let error = s3.upload("b.csv", &mut &b"id\n"[..]).unwrap_err();
    assert_eq!(error.message, "`s3://public/b.csv` may not be written (AccessDenied)");
}

#[test]
fn a_connection_is_tested_step_by_step() {
    let server = Server::start();
    let shown = |s3: &S3| -> Vec<String> {
        let report = s3.test_connection();
        let check = |(name, found): &(&str, Result<String, ConnectorError>)| match found {
            Ok(found) => format!("{name}: {found}"),
            Err(error) => format!("{name}: {:?}: {error}", error.kind),
        };
        report.checks.iter().map(|c| check(c).replace(&server.endpoint(), "STORE")).collect()
    };
    let bucket = |name: &'static str| {
        let mut all = RIGHT.to_vec();
        all.push(("bucket", name));
        server.with(&all)
    };
    let (reached, keys) = ("reached: STORE", "authenticated: with the keys of the connection");
    assert_eq!(
        shown(&bucket("shop")),
        [reached, keys, "may read: s3://shop/, where nothing is", "may write: s3://shop/"]
    );
    server.object("a.csv", "id\n");
    assert_eq!(
        shown(&bucket("shop")),
        [reached, keys, "may read: s3://shop/", "may write: s3://shop/"]
    );
    assert_eq!(server.s3().list("").unwrap().len(), 1, "no object was left");
    assert_eq!(
        shown(&bucket("closed")),
        [reached, keys, "may read: Permission: `s3://closed` may not be listed (AccessDenied)"]
    );
    assert_eq!(
        shown(&bucket("nowhere")),
        [reached, keys, "may read: NotFound: there is no bucket `nowhere`"]
    );
    assert_eq!(shown(&server.with(&RIGHT)), [reached, keys, "may read: 7 buckets"]);
    std::fs::write(server.bucket("public").join("a.csv"), "id\n").unwrap();
    assert_eq!(
        shown(&server.with(&[("anonymous", "true"), ("bucket", "public")])),
        [
            reached,
            "authenticated: anonymous",
            "may read: s3://public/",
            "may write: Permission: `s3://public/` may not be written (AccessDenied)"
        ]
    );
    let report = server.s3().test_connection();
    assert!(report.latency.is_some());
    assert_eq!(report.version, format!("{}, us-east-1", server.endpoint()));
}

#[test]
fn credentials_are_found_as_aws_tools_find_them() {
    let server = Server::start();
    server.object("a.csv", "id\n1\n2\n");
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join(".aws")).unwrap();
    let profile = format!(
        "[other]\naws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n\
         [default]\naws_access_key_id = x\naws_secret_access_key = y\n"
    );
    std::fs::write(home.path().join(".aws/credentials"), profile).unwrap();
    let endpoint = server.endpoint();
    let told = |environment: &[(&str, &str)]| child(&endpoint, home.path(), environment);
    let keys = [("AWS_ACCESS_KEY_ID", KEY), ("AWS_SECRET_ACCESS_KEY", SECRET)];
    assert_eq!(told(&keys), "2 rows");
    assert_eq!(told(&[("AWS_PROFILE", "other")]), "2 rows");
    assert_eq!(told(&[("TOLD_PROFILE", "other")]), "2 rows");
    let refused = format!("Auth: `{endpoint}` does not know these credentials (NotSignedUp)");
    assert_eq!(told(&[]), refused);
    std::fs::remove_file(home.path().join(".aws/credentials")).unwrap();
    assert!(told(&[]).starts_with("Auth: there are no AWS credentials: "), "{}", told(&[]));
    let none = told(&[("TOLD_PROFILE", "no")]);
    assert!(none.starts_with("Auth: AWS profile `no` gives no credentials: "), "{none}");
}

#[test]
fn a_profile_that_is_named_is_used_alone() {
    let server = Server::start();
    server.object("a.csv", "id\n1\n2\n");
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join(".aws")).unwrap();
    let profile = format!(
        "[other]\naws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n\
         [wrong]\naws_access_key_id = x\naws_secret_access_key = y\n[hollow]\nregion = x\n"
    );
    std::fs::write(home.path().join(".aws/credentials"), profile).unwrap();
    let endpoint = server.endpoint();
    let told = |profile: &str, key: &str, secret: &str| {
        let keys = [("AWS_ACCESS_KEY_ID", key), ("AWS_SECRET_ACCESS_KEY", secret)];
        child(&endpoint, home.path(), &[keys[0], keys[1], ("TOLD_PROFILE", profile)])
    };
    assert_eq!(told("nope", KEY, SECRET), "Auth: there is no AWS profile `nope`");
    let refused = format!("Auth: `{endpoint}` does not know these credentials (NotSignedUp)");
    assert_eq!(told("wrong", KEY, SECRET), refused);
    assert_eq!(told("other", "x", "y"), "2 rows");
    let hollow = told("hollow", KEY, SECRET);
    assert!(hollow.starts_with("Auth: AWS profile `hollow` gives no credentials: "), "{hollow}");
}

/// What reading says in a process with another environment.
fn child(endpoint: &str, home: &std::path::Path, environment: &[(&str, &str)]) -> String {
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    command.args(["--ignored", "--exact", "s3::refused::read_in_a_child", "--nocapture"]);
    command.env_clear().env("HOME", home).env("AWS_EC2_METADATA_DISABLED", "true");
    command.env("TOLD_ENDPOINT", endpoint).envs(environment.iter().copied());
    if let Some(path) = option_env!("LD_LIBRARY_PATH") {
        command.env("LD_LIBRARY_PATH", path);
    }
    let output = String::from_utf8(command.output().unwrap().stdout).unwrap();
    let told = output.lines().find_map(|line| line.split_once("told: "));
    told.unwrap_or_else(|| panic!("{output}")).1.to_owned()
}

#[test]
#[ignore = "another test starts it with an environment"]
#[expect(clippy::disallowed_methods, reason = "its environment is its argument")]
fn read_in_a_child() {
    let Ok(endpoint) = std::env::var("TOLD_ENDPOINT") else { return };
    let profile = std::env::var("TOLD_PROFILE").unwrap_or_default();
    let given = [("endpoint", endpoint.as_str()), ("bucket", "shop"), ("profile", &profile)];
    let parameters = sqlflow::connector::s3::SPEC.read(given).unwrap();
    let s3 = S3::new(&parameters).unwrap();
    match read(&s3, "a.csv") {
        Ok(count) => println!("told: {count} rows"),
        Err(FileError::Remote(error)) => println!("told: {:?}: {error}", error.kind),
        Err(error) => println!("told: {error}"),
    }
}
