//! A store of objects under the contract.

use super::files::{ABSENT, EMPTY, PEOPLE, fill, objects};
use super::{Failing, Subject};
use crate::s3::server::{KEY, SECRET, Server};
use sqlflow::connector::{Kind, Object, WriteMode};

pub(super) struct Bucket(Server);

impl Bucket {
    pub(super) fn new() -> Self {
        let server = Server::start();
        fill(&server.bucket("shop"));
        Self(server)
    }
}

impl Subject for Bucket {
    fn kind(&self) -> &'static str {
        "s3"
    }

    fn parameters(&self) -> Vec<(String, String)> {
        let endpoint = self.0.endpoint();
        let all = [
            ("endpoint", endpoint.as_str()),
            ("region", "us-east-1"),
            ("bucket", "shop"),
            ("access_key_id", KEY),
            ("secret_access_key", SECRET),
        ];
        all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn people(&self) -> Vec<Object> {
        objects(PEOPLE)
    }

    fn empty(&self) -> Vec<Object> {
        objects(EMPTY)
    }

    fn absent(&self) -> Vec<Object> {
        objects(ABSENT)
    }

    fn foreign(&self) -> Object {
        Object::Table { schema: None, name: "people".to_owned() }
    }

    fn failing(&self) -> Vec<Failing> {
        vec![
            ("reached", vec![("endpoint", "http://127.0.0.1:1".to_owned())], Kind::Network),
            ("authenticated", vec![("secret_access_key", "another".to_owned())], Kind::Auth),
            ("may read", vec![("bucket", "closed".to_owned())], Kind::Permission),
            ("may read", vec![("bucket", "nowhere".to_owned())], Kind::NotFound),
        ]
    }

    fn written(&self) -> (Object, Vec<WriteMode>) {
        (Object::Files("out.csv".to_owned()), Vec::new())
    }
}
