//! Rows of objects as Arrow.

use super::server::{KEY, SECRET, Server};
use sqlflow::connector::{Batches, Connector, ConnectorError, Filter, Kind, Object, ReadRequest};
use sqlflow::mode::load::Lag;

fn request(path: &str) -> ReadRequest {
    ReadRequest {
        object: Object::Files(path.to_owned()),
        columns: None,
        filter: None,
        limit: None,
        partition_on: None,
        batch_rows: 1,
        connections: 1,
    }
}

fn count(mut rows: Box<dyn Batches>) -> Result<(usize, usize), ConnectorError> {
    let mut count = 0;
    while let Some(batch) = rows.next()? {
        count += batch.num_rows();
    }
    assert!(rows.next()?.is_none());
    Ok((rows.schema().fields().len(), count))
}

#[test]
fn rows_come_as_batches() {
    let server = Server::start();
    let mut text = "id,at,t\n".to_owned();
    for id in 0..50_000 {
        text += &format!("{id},2024-01-01 {:02}:{:02}:00,x\n", id / 60 % 24, id % 60);
    }
    server.object("a.csv", text + ",,y\n");
    let s3 = server.s3();
    let columns = s3.schema(&Object::Files("a.csv".to_owned())).unwrap();
    let types: Vec<&str> = columns.iter().map(|column| column.data_type.as_str()).collect();
    assert_eq!(types, ["bigint", "timestamp", "varchar"]);
    let read = |request| count(s3.read(&request).unwrap()).unwrap();
    assert_eq!(read(request("a.csv")), (3, 50_001));
    assert_eq!(read(ReadRequest { limit: Some(7), ..request("*.csv") }), (3, 7));
    let filter = Filter {
        column: "id".to_owned(),
        since: "49990".to_owned(),
        lag: Some(Lag::Units(10)),
        skips_null: true,
    };
    let some = ReadRequest { columns: Some(vec!["t".to_owned()]), ..request("a.csv") };
    let request = ReadRequest { filter: Some(filter.clone()), ..some.clone() };
    assert_eq!(read(request), (1, 20));
    let filter = Filter {
        column: "at".to_owned(),
        since: "2024-01-01 23:59:00".to_owned(),
        lag: Some(Lag::Minutes(1)),
        skips_null: false,
    };
    assert_eq!(read(ReadRequest { filter: Some(filter), ..some }), (1, 34 * 2 + 1));
    // What is not read to its end is given up.
    drop(s3.read(&self::request("a.csv")).unwrap());
}

#[test]
fn what_cannot_be_read_is_of_its_kind() {
    let server = Server::start();
    server.object("a.csv", "id\n1\n").object("bad.csv", "id,b\n1\n");
    let s3 = server.s3();
    let refused = |path: &str| s3.read(&request(path)).err().unwrap();
    assert_eq!(refused("b.csv").kind, Kind::NotFound);
    assert_eq!(refused("*.json").kind, Kind::NotFound);
    assert_eq!(refused("bad.csv").kind, Kind::Data);
    assert_eq!(refused("s3://closed/a.csv").kind, Kind::Permission);
    let columns = Some(vec!["x".to_owned()]);
    let error = s3.read(&ReadRequest { columns, ..request("a.csv") }).err().unwrap();
    assert_eq!((error.kind, error.message.as_str()), (Kind::NotFound, NO_COLUMN));
    let table = Object::Table { schema: None, name: "a".to_owned() };
    assert_eq!(s3.schema(&table).unwrap_err().kind, Kind::Data);
    let keys = [("access_key_id", KEY), ("secret_access_key", SECRET)];
    assert_eq!(server.with(&keys).spec().name, "s3");
}

const NO_COLUMN: &str = "there is no column `x` in the files";
