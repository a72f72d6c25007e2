//! What every connector promises: one set of cases that runs against each kind that is registered.

mod cases;
mod files;
mod given;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "s3")]
mod s3;

use sqlflow::connector::{Connector, Kind, Object, WriteMode, connector, spec};

/// A part of `test_connection`, parameters that make it fail, the kind of the error.
type Failing = (&'static str, Vec<(&'static str, String)>, Kind);

/// A system of one kind, with what the cases need in it.
trait Subject {
    /// The kind, as profiles call it.
    fn kind(&self) -> &'static str;

    /// Parameters that lead to it.
    fn parameters(&self) -> Vec<(String, String)>;

    /// Objects with the columns `id`, `name` and `at`, and four rows: see [`PEOPLE`].
    fn people(&self) -> Vec<Object>;

    /// Objects with the same columns and no rows.
    fn empty(&self) -> Vec<Object>;

    /// Objects that are not there.
    fn absent(&self) -> Vec<Object>;

    /// What is nothing that such a system has.
    fn foreign(&self) -> Object;

    /// What makes each part of `test_connection` fail.
    fn failing(&self) -> Vec<Failing>;

    /// An object that may be written in the modes that are taken, and these.
    fn written(&self) -> (Object, Vec<WriteMode>);

    /// Connections of ours that are open there, where that can be seen.
    fn is_quiet(&self) -> bool {
        true
    }
}

/// The rows of [`Subject::people`], by `id`; times are in microseconds.
const PEOPLE: [[&str; 3]; 4] = [
    ["1", "Ann", "1704103200000000"],
    ["2", "Bo", "1704106800000000"],
    ["3", "C, \"x\"", "NULL"],
    ["4", "NULL", "1704110400000000"],
];

/// Every kind has its subject here.
fn subject(kind: &str) -> Box<dyn Subject> {
    match kind {
        "file" => Box::new(files::Folder::new()),
        #[cfg(feature = "postgres")]
        "postgres" => Box::new(postgres::Database::new()),
        #[cfg(feature = "s3")]
        "s3" => Box::new(s3::Bucket::new()),
        kind => panic!("connector `{kind}` is not in the contract's suite: add a subject for it"),
    }
}

/// A connector that is told other things too.
fn other(subject: &dyn Subject, more: &[(&str, String)]) -> Box<dyn Connector> {
    let mut all = subject.parameters();
    all.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
    all.extend(more.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    let spec = spec(subject.kind()).unwrap();
    let given = all.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    connector(spec, &spec.read(given).unwrap()).unwrap()
}

fn open(subject: &dyn Subject) -> Box<dyn Connector> {
    other(subject, &[])
}
