//! Rows and files on their way into other systems, for which doubles stand.

use super::objects::ObjectStore;
use super::staging::Staging;
use super::table::{Sent, Unsent, send};
use super::write::{ExportRequest, Work, Written};
use crate::compile::compile;
use crate::connector::file::{FileEntry, FileError, FileObject, FileStore, Scan};
use crate::connector::{
    Batches, Connector, ConnectorError, ConnectorSpec, Kind, Object, Objects, ReadRequest, Reads,
    Report, WriteMode, WriteRequest,
};
use crate::diagnostic::{Diagnostic, Secrets};
use crate::engine::Marked;
use crate::engine::duckdb::{DuckDb, Location, Options};
use crate::engine::{Engine, Session};
use crate::graph::{ExportTarget, Graph, Invocation, Selection, Surroundings, TargetRequest};
use crate::mode::load::OnEmpty;
use crate::mode::moment;
use crate::relation::Column;
use crate::run::{PrepareRequest, prepare};
use arrow::array::{Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::sync::{Arc, Mutex};

static SPEC: ConnectorSpec = ConnectorSpec {
    name: "double",
    version: "0",
    about: "stands for a system",
    reads: Reads::Tables,
    parameters: &[],
    batch_rows: 10,
    max_connections: 1,
};

/// What a system holds, and what it was asked.
#[derive(Default)]
struct Held {
    /// Rows of its table, as text; `None` where there is no table.
    rows: Option<Vec<String>>,
    columns: Vec<(String, DataType)>,
    objects: BTreeMap<String, Vec<u8>>,
    /// After so many batches, or objects, it refuses.
    refuses_after: Option<usize>,
}

/// A system of one table, and of objects.
#[derive(Clone, Default)]
struct Double(Arc<Mutex<Held>>);

impl Double {
    fn with_rows(rows: &[&str]) -> Self {
        let double = Self::default();
        double.0.lock().unwrap().rows = Some(rows.iter().map(|row| (*row).to_owned()).collect());
        double
    }

    fn rows(&self) -> Vec<String> {
        self.0.lock().unwrap().rows.clone().unwrap_or_default()
    }

    fn names(&self) -> Vec<String> {
        self.0.lock().unwrap().objects.keys().cloned().collect()
    }
}

fn full() -> ConnectorError {
    ConnectorError::new(Kind::Resource, "no room")
}

impl Connector for Double {
    fn spec(&self) -> &'static ConnectorSpec {
        &SPEC
    }

    fn test_connection(&self) -> Report {
        Report::default()
    }

    fn schema(&self, _: &Object) -> Result<Vec<Column>, ConnectorError> {
        Ok(Vec::new())
    }

    fn read(&self, request: &ReadRequest) -> Result<Box<dyn Batches>, ConnectorError> {
        assert_eq!(request.limit, Some(1));
        let held = self.0.lock().unwrap();
        let Some(rows) = &held.rows else {
            return Err(ConnectorError::new(Kind::NotFound, "no table"));
        };
        Ok(Box::new(Few(rows.iter().take(1).cloned().collect())))
    }

    fn write(
        &self,
        request: &WriteRequest,
        batches: &mut dyn Batches,
    ) -> Result<u64, ConnectorError> {
        let (mut came, mut count) = (Vec::new(), 0);
        let fields = batches.schema().fields().clone();
        while let Some(batch) = batches.next()? {
            count += 1;
            if self.0.lock().unwrap().refuses_after.is_some_and(|after| count > after) {
                return Err(full());
            }
            let first = arrow::compute::cast(batch.column(0), &DataType::Utf8).unwrap();
            let first = first.as_any().downcast_ref::<StringArray>().unwrap();
            came.extend(first.iter().map(|value| value.unwrap_or("NULL").to_owned()));
        }
        let mut held = self.0.lock().unwrap();
        held.columns =
            fields.iter().map(|field| (field.name().clone(), field.data_type().clone())).collect();
        let rows = held.rows.get_or_insert_default();
        let written = came.len() as u64;
        match &request.mode {
            WriteMode::Replace => *rows = came,
            WriteMode::Append => rows.extend(came),
            WriteMode::Merge { .. } => {
                rows.retain(|row| !came.contains(row));
                rows.extend(came);
            }
        }
        Ok(written)
    }
}

impl FileStore for Double {
    fn find(&self, _: &FileObject) -> Result<Vec<FileEntry>, FileError> {
        Ok(Vec::new())
    }

    fn scan(
        &self,
        _: &FileObject,
        _: &[FileEntry],
        _: &mut dyn Session,
    ) -> Result<Scan, FileError> {
        Ok(Scan::default())
    }

    fn changed(&self, _: &[FileEntry]) -> Result<bool, FileError> {
        Ok(false)
    }

    fn objects(&self) -> Option<&dyn Objects> {
        Some(self)
    }
}

/// A batch of texts.
struct Few(Vec<String>);

impl Batches for Few {
    fn schema(&self) -> SchemaRef {
        Arc::new(Schema::new(vec![Field::new("a", DataType::Utf8, true)]))
    }

    fn next(&mut self) -> Result<Option<RecordBatch>, ConnectorError> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let texts = StringArray::from_iter_values(std::mem::take(&mut self.0));
        Ok(Some(RecordBatch::try_new(self.schema(), vec![Arc::new(texts)]).unwrap()))
    }
}

impl Objects for Double {
    fn list(&self, folder: &str) -> Result<Vec<String>, ConnectorError> {
        let names = self.names().into_iter();
        Ok(names.filter_map(|name| name.strip_prefix(folder).map(str::to_owned)).collect())
    }

    fn read(&self, path: &str) -> Result<Option<Vec<u8>>, ConnectorError> {
        Ok(self.0.lock().unwrap().objects.get(path).cloned())
    }

    fn size(&self, path: &str) -> Result<Option<u64>, ConnectorError> {
        Ok(self.0.lock().unwrap().objects.get(path).map(|object| object.len() as u64))
    }

    fn write(&self, path: &str, content: &mut dyn Read) -> Result<(), ConnectorError> {
        let mut held = self.0.lock().unwrap();
        if held.refuses_after == Some(held.objects.len()) {
            return Err(full());
        }
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes).unwrap();
        held.objects.insert(path.to_owned(), bytes);
        Ok(())
    }

    fn remove(&self, paths: &[String]) -> Result<(), ConnectorError> {
        let mut held = self.0.lock().unwrap();
        held.objects.retain(|path, _| !paths.contains(path));
        Ok(())
    }
}

fn request(mode: WriteMode) -> WriteRequest {
    let object = Object::Table { schema: Some("s".to_owned()), name: "t".to_owned() };
    WriteRequest { object, mode, run_id: "run".to_owned() }
}

fn sent(
    double: &Double,
    mode: WriteMode,
    on_empty: Option<OnEmpty>,
    sql: &str,
) -> Result<Sent, Unsent> {
    let engine = DuckDb::open(&Options::new(Location::Memory)).unwrap();
    let mut session = engine.session().unwrap();
    send(double, &request(mode), on_empty, &mut *session, sql, Marked::default())
}

const ERROR: Option<OnEmpty> = Some(OnEmpty::Error);

#[test]
fn rows_come_whole_and_in_order() {
    let double = Double::default();
    let rows = "select i from range(200000) r(i)";
    assert_eq!(sent(&double, WriteMode::Replace, ERROR, rows).unwrap(), Sent::Rows(200_000));
    let came = double.rows();
    assert_eq!((came.len(), came[0].as_str(), came[199_999].as_str()), (200_000, "0", "199999"));
    let few = "select 7 as i union all select null";
    assert_eq!(sent(&double, WriteMode::Replace, ERROR, few).unwrap(), Sent::Rows(2));
    assert_eq!(sent(&double, WriteMode::Append, None, "select 8").unwrap(), Sent::Rows(1));
    assert_eq!(double.rows(), ["7", "NULL", "8"]);
    let merge = WriteMode::Merge { key: vec!["i".to_owned()] };
    assert_eq!(sent(&double, merge, None, "select 8 union all select 9").unwrap(), Sent::Rows(2));
    assert_eq!(double.rows(), ["7", "NULL", "8", "9"]);
}

#[test]
fn a_query_that_fails_late_writes_nothing() {
    let double = Double::with_rows(&["old"]);
    let sql =
        "select case when i = 150000 then error('no luck') else i end from range(200000) r(i)";
    let error = sent(&double, WriteMode::Replace, ERROR, sql).unwrap_err();
    assert!(
        matches!(&error, Unsent::Query(error) if error.message.contains("no luck")),
        "{error:?}"
    );
    assert_eq!(double.rows(), ["old"]);
    let error = sent(&double, WriteMode::Replace, ERROR, "select nope").unwrap_err();
    assert!(matches!(error, Unsent::Query(_)));
}

#[test]
fn a_system_that_refuses_ends_the_query() {
    let double = Double::with_rows(&["old"]);
    double.0.lock().unwrap().refuses_after = Some(3);
    let sql = "select i from range(100000000) r(i)";
    let error = sent(&double, WriteMode::Append, None, sql).unwrap_err();
    assert!(matches!(&error, Unsent::System(error) if error.message == "no room"), "{error:?}");
    assert_eq!(double.rows(), ["old"]);
}

#[test]
fn no_rows_replace_rows_only_where_told() {
    let none = "select 1 as i where false";
    for (on_empty, expected, left) in [
        (OnEmpty::Error, Sent::EmptyOverRows, vec!["old"]),
        (OnEmpty::Keep, Sent::Kept, vec!["old"]),
        (OnEmpty::Replace, Sent::Rows(0), vec![]),
    ] {
        let double = Double::with_rows(&["old"]);
        assert_eq!(sent(&double, WriteMode::Replace, Some(on_empty), none).unwrap(), expected);
        assert_eq!(double.rows(), left);
        // Over nothing, nothing is lost.
        for double in [Double::with_rows(&[]), Double::default()] {
            let sent = sent(&double, WriteMode::Replace, Some(on_empty), none).unwrap();
            assert_eq!(sent, Sent::Rows(0));
            assert_eq!(double.0.lock().unwrap().columns.len(), 1);
        }
    }
    let double = Double::with_rows(&["old"]);
    assert_eq!(sent(&double, WriteMode::Append, None, none).unwrap(), Sent::Rows(0));
    assert_eq!(double.rows(), ["old"]);
}

/// A project with one export to files, which a double is given in place of the disk.
struct Bench {
    directory: tempfile::TempDir,
    graph: Graph,
}

impl Bench {
    fn new(export: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        std::fs::create_dir(root.join("models")).unwrap();
        for (name, text) in [
            ("sqlflow.yml", "name: shop\n"),
            ("profiles.yml", "shop:\n  outputs:\n    default: {type: duckdb}\n"),
            ("models/e.yml", &format!("exports:\n  - name: out\n    {export}\n")),
        ] {
            std::fs::write(root.join(name), text).unwrap();
        }
        let graph = graph(root);
        Self { directory, graph }
    }

    /// What a run called `run_id` with this query writes.
    fn run(&self, double: &Double, run_id: &str) -> Result<Written, Box<Diagnostic>> {
        let graph = &self.graph;
        let compilation = compile(graph, &Selection::all(graph), None);
        let node = &graph.nodes[0];
        let export = node.export().unwrap();
        let ExportTarget::Files(file) = &export.target else { panic!("no files") };
        let engine = DuckDb::open(&Options::new(Location::Memory)).unwrap();
        let mut session: Box<dyn Session> = engine.session().unwrap();
        let scratch = self.directory.path().join("scratch");
        let request = ExportRequest {
            graph,
            node,
            export,
            query: compilation.nodes[0].query.as_ref().unwrap(),
            run_id,
            now: moment("2024-06-01").unwrap(),
            scratch: &scratch,
            describe: &|_, error| {
                Box::new(Diagnostic::error(error.kind.code(), error.message.clone()))
            },
        };
        std::fs::create_dir_all(&scratch).unwrap();
        let staging = Staging::make(&scratch, "out", run_id).unwrap();
        let mut written = |_: &crate::compile::Script| Ok(());
        let mut work = Work::bound(request, &mut *session, None, &mut written)?;
        let (folder, name) =
            if file.is_folder() { (file.path.as_str(), "") } else { ("", file.path.as_str()) };
        let store = ObjectStore::open(Box::new(double.clone()), folder, staging, &export.place);
        let done = work.write_files(&store, file, name);
        drop(store);
        assert_eq!(std::fs::read_dir(&scratch).unwrap().count(), 0);
        done
    }
}

fn graph(root: &Path) -> Graph {
    let request = PrepareRequest {
        project: root.to_path_buf(),
        profiles: vec![root.to_path_buf()],
        target: TargetRequest::default(),
        invocation: Invocation::default(),
    };
    let surroundings = Surroundings {
        environment: Arc::default(),
        secrets: Secrets::default(),
        now: moment("2024-06-01").unwrap(),
        invocation_id: FIRST.to_owned(),
        process_id: 1,
        host_name: String::new(),
    };
    let (graph, problems) = prepare(&request, &surroundings);
    graph.unwrap_or_else(|| panic!("{problems:?}"))
}

const FIRST: &str = "11111111-1111-1111-1111-111111111111";
const SECOND: &str = "22222222-2222-2222-2222-222222222222";

#[test]
fn objects_are_replaced_behind_their_manifest() {
    let bench = Bench::new(
        "query: select i, i % 2 as p from range(4) r(i)\n    path: a/b/\n    format: csv\n    options: {partition_by: p}",
    );
    let double = Double::default();
    double.0.lock().unwrap().objects.insert("a/x.csv".to_owned(), Vec::new());
    let written = bench.run(&double, FIRST).unwrap();
    assert_eq!((written.rows, written.files.map(|files| files.0)), (4, Some(2)));
    let first: Vec<String> = (0..2)
        .map(|p| format!("a/b/p={p}/out-{FIRST}-0000{}.csv", p + 1))
        .chain(["a/x.csv".to_owned()])
        .collect();
    let names = double.names();
    assert_eq!(names[1..], first);
    assert_eq!(names[0], "a/b/_manifest.json");
    // A run whose objects do not all come changes nothing for who goes by the manifest.
    let manifest = double.0.lock().unwrap().objects["a/b/_manifest.json"].clone();
    double.0.lock().unwrap().refuses_after = Some(5);
    assert_eq!(bench.run(&double, SECOND).unwrap_err().message, "no room");
    assert_eq!(double.names(), names);
    assert_eq!(double.0.lock().unwrap().objects["a/b/_manifest.json"], manifest);
    // What a killed run left goes with the next.
    let mut held = double.0.lock().unwrap();
    held.refuses_after = None;
    held.objects.insert(format!("a/b/p=7/out-{}-00009.csv", FIRST.replace('1', "3")), vec![1]);
    drop(held);
    bench.run(&double, SECOND).unwrap();
    let second: Vec<String> = names.iter().map(|name| name.replace(FIRST, SECOND)).collect();
    assert_eq!(double.names(), second);
}

#[test]
fn one_object_is_written_by_one_request() {
    let bench = Bench::new("query: select 1 as i\n    path: b.csv");
    let double = Double::default();
    bench.run(&double, FIRST).unwrap();
    assert_eq!(double.0.lock().unwrap().objects["b.csv"], b"i\n1\n");
    let none = Bench::new("query: select 1 as i where false\n    path: b.csv");
    assert_eq!(none.run(&double, SECOND).unwrap_err().code.as_str(), "SF305");
    assert_eq!(double.0.lock().unwrap().objects["b.csv"], b"i\n1\n");
}
