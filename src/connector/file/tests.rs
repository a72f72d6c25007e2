//! Files as they should not be, and what is said of them.

use super::*;
use crate::engine::Engine;
use crate::engine::duckdb::{DuckDb, Location, Options};
use serde_json::{Value, json};
use std::io::Write;

struct Folder {
    directory: tempfile::TempDir,
    options: Vec<(&'static str, Value)>,
    columns: Vec<(String, DataType)>,
}

impl Folder {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self { directory, options: Vec::new(), columns: Vec::new() }
    }

    fn of(name: &str, content: impl AsRef<[u8]>) -> Self {
        Self::new().file(name, content)
    }

    fn file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.directory.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
        self
    }

    fn option(mut self, name: &'static str, value: Value) -> Self {
        self.options.push((name, value));
        self
    }

    fn column(mut self, name: &str, data_type: &str) -> Self {
        self.columns.push((name.to_owned(), DataType::new(data_type)));
        self
    }

    fn sql(&self, sql: &str) -> &Self {
        let mut session = session();
        let sql = sql.replace("DIR", self.directory.path().to_str().unwrap());
        session.execute(&sql).unwrap();
        self
    }

    fn object(&self, path: &str) -> FileObject {
        let options = self.options.iter().map(|(name, value)| (*name, value));
        FileObject {
            base: self.directory.path().to_owned(),
            path: path.to_owned(),
            options: FileOptions::read(options).unwrap(),
            columns: self.columns.clone(),
            ..FileObject::default()
        }
    }

    fn scan(&self, path: &str) -> Result<Scan, FileError> {
        let object = self.object(path);
        scan(&object, &find(&object)?, &mut *session())
    }

    /// Names and types of the columns, and the rows.
    fn read(&self, path: &str) -> (String, Vec<Vec<Value>>) {
        let scan = self.scan(path).unwrap();
        let table = session().query(&scan.sql, None).unwrap();
        let of_scan: Vec<_> =
            scan.columns.iter().map(|c| (c.name.clone(), c.data_type.clone())).collect();
        assert_eq!(of_scan, table.columns);
        if let Some(count) = scan.row_count {
            assert_eq!(count, table.rows.len() as u64);
        }
        (columns(&scan), table.rows)
    }

    fn error(&self, path: &str) -> String {
        self.scan(path).unwrap_err().to_string()
    }
}

fn session() -> Box<dyn Session> {
    DuckDb::open(&Options::new(Location::Memory)).unwrap().session().unwrap()
}

fn columns(scan: &Scan) -> String {
    let column =
        |c: &Column| format!("{} {}{}", c.name, c.data_type, if c.nullable { "" } else { "!" });
    scan.columns.iter().map(column).collect::<Vec<_>>().join(", ")
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn inferred(values: &[&str]) -> String {
    let rows: Vec<String> = values.iter().map(|value| format!("{value},x\n")).collect();
    let content = format!("a,b\n{}", rows.concat());
    let (columns, _) = Folder::of("x.csv", content).read("x.csv");
    columns.rsplit_once(", b").unwrap().0.trim_start_matches("a ").to_owned()
}

#[test]
fn types_are_those_that_lose_nothing() {
    for (values, expected) in [
        (&["1", "-2", ""][..], "bigint"),
        (&["9223372036854775807"], "bigint"),
        (&["9223372036854775808", "1"], "hugeint"),
        (&["170141183460469231731687303715884105728"], "varchar"),
        (&["007"], "varchar"),
        (&["1", "+2"], "varchar"),
        (&[" 1"], "varchar"),
        (&["0x1F"], "varchar"),
        (&["1_000"], "varchar"),
        (&["1", "2.5", "-.5", "3."], "double"),
        (&["1e3", "1E-3"], "double"),
        (&["1e999"], "varchar"),
        (&["nan"], "varchar"),
        (&["123456789012345.6"], "decimal(16,1)"),
        (&["0.12345678901234567", "-99"], "decimal(19,17)"),
        (&["1234567890123456.5", "1e3"], "varchar"),
        (&["1234567890123456789012345678901234567.89"], "varchar"),
        (&["true", "FALSE"], "boolean"),
        (&["t", "f"], "varchar"),
        (&["1", "true"], "varchar"),
        (&["2024-02-29"], "date"),
        (&["2023-02-29"], "varchar"),
        (&["2024-2-9"], "varchar"),
        (&["2024-02-29", "2024-02-29 10:00"], "timestamp"),
        (&["2024-02-29T10:00:00.123456"], "timestamp"),
        (&["2024-02-29T10:00:00.1234567"], "varchar"),
        (
            &["2024-02-29T10:00:00Z", "2024-02-29 10:00:00+05:30", "2024-02-29 10:00:00-08"],
            "timestamp with time zone",
        ),
        (&["2024-02-29T10:00:00Z", "2024-02-29T10:00:00"], "varchar"),
        (&["10:00:00"], "varchar"),
        (&["", ""], "varchar"),
        (&["\"\"", "1"], "varchar"),
        (&[], "varchar"),
    ] {
        assert_eq!(inferred(values), expected, "{values:?}");
    }
}

#[test]
fn only_an_unquoted_empty_field_is_null_and_what_is_named() {
    let content = "a,b\n1,\n2,\"\"\n3,NA\n4,\"NA\"\n";
    let rows = |folder: Folder| -> Vec<Value> {
        folder.read("x.csv").1.into_iter().map(|row| row[1].clone()).collect()
    };
    assert_eq!(
        rows(Folder::of("x.csv", content)),
        [Value::Null, json!(""), json!("NA"), json!("NA")]
    );
    let named = Folder::of("x.csv", content).option("null_values", json!(["NA"]));
    assert_eq!(rows(named), [Value::Null, json!(""), Value::Null, json!("NA")]);
}

#[test]
fn columns_are_mapped_by_name() {
    let folder = Folder::of("d/1.csv", "a,b\n1,x\n")
        .file("d/2.csv", "b,a\ny,2\n")
        .file("d/3.csv", "a,b\n3,z\n");
    let (columns, rows) = folder.read("d/*.csv");
    assert_eq!(columns, "a bigint, b varchar");
    assert_eq!(rows, [[json!(1), json!("x")], [json!(2), json!("y")], [json!(3), json!("z")]]);
    let folder = folder.file("d/4.csv", "a,c,d\n4,1,2\n");
    assert_eq!(
        folder.error("d/*.csv"),
        "`d/4.csv` has other columns than `d/1.csv`: it lacks `b`, it adds `c`, `d`"
    );
    let (columns, rows) = folder.option("union_by_name", json!(true)).read("d/*.csv");
    assert_eq!(columns, "a bigint, b varchar, c bigint, d bigint");
    assert_eq!(rows[3], [json!(4), Value::Null, json!(1), json!(2)]);
}

#[test]
fn headers_have_to_name_every_column_once() {
    for (content, expected) in [
        ("a,b,a\n1,2,3\n", "the header of `x.csv`: columns 1 and 3 are both named `a`"),
        ("a,A\n1,2\n", "the header of `x.csv`: columns 1 and 2 are both named `a`, `A`"),
        ("a,,c\n1,2,3\n", "the header of `x.csv`: column 2 has no name"),
        ("\"a\n1,2\n", "the header of `x.csv`: it does not end"),
        (
            "a;b,c\n1;2,3\n",
            "the header of `x.csv`: several characters could be the delimiter; say it with `delimiter`",
        ),
    ] {
        assert_eq!(Folder::of("x.csv", content).error("x.csv"), expected);
    }
}

#[test]
fn rows_that_do_not_fit_are_errors_with_line_and_text() {
    for (content, line, text, detail) in [
        ("a,b\n1,x\n2\n3,y\n", 3, "2", "expected 2 fields, found 1"),
        ("a,b\n1,x\n2,y,z\n", 3, "2,y,z", "expected 2 fields, found 3"),
        ("a,b\n1,\"x\n2,y\n", 2, "1,\"x\n2,y", "a quote is not closed"),
        ("a,b\n1,\"x\"y\n", 2, "1,\"x\"y", "something follows a closing quote"),
    ] {
        let error = Folder::of("x.csv", content).scan("x.csv").unwrap_err();
        let FileError::Malformed { path, line: found, text: shown, detail: said } = error else {
            panic!("{error:?}")
        };
        assert_eq!(
            (path.as_str(), found.unwrap(), shown.as_str(), said.as_str()),
            ("x.csv", line, text, detail)
        );
    }
}

#[test]
fn what_is_not_csv_is_said() {
    for (content, expected) in [
        (&b"\x89PNG\r\n\x1a\n\0\0"[..], "`x.csv` is not a CSV file but a PNG image"),
        (b"\0\x01\x02", "`x.csv` is not a CSV file but binary data"),
        (b"<!DOCTYPE html>\n", "`x.csv` is not a CSV file but an HTML page"),
        (b"a,b\n1,\xe9\n", "line 2 of `x.csv` is not UTF-8"),
        (b"\xff\xfea\0,\0b\0\n\0", "`x.csv` is not a CSV file but UTF-16 text"),
    ] {
        assert_eq!(Folder::of("x.csv", content).error("x.csv"), expected);
    }
    let mut late = vec![];
    for _ in 0..300_000 {
        late.extend_from_slice(b"1,x\n");
    }
    late.extend_from_slice(b"1,\xff\n");
    let late = [b"a,b\n".to_vec(), late].concat();
    assert_eq!(Folder::of("x.csv", late).error("x.csv"), "line 300002 of `x.csv` is not UTF-8");
}

#[test]
fn dialects_and_encodings_are_read() {
    let utf16 = |text: &str| -> Vec<u8> {
        "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
    };
    let (columns, rows) =
        Folder::of("x.csv", utf16("ä;b\n1;é\n")).option("encoding", json!("utf-16")).read("x.csv");
    assert_eq!((columns.as_str(), rows), ("ä bigint, b varchar", vec![vec![json!(1), json!("é")]]));
    let latin = Folder::of("x.csv", b"\xe4|b\n1|\xe9\n").option("encoding", json!("latin-1"));
    assert_eq!(latin.read("x.csv").1, [[json!(1), json!("é")]]);
    let folder = Folder::of("x.csv", "junk\n# note\na;b;d\n1,5;2;31.12.2024\n# end\n")
        .option("skip", json!(1))
        .option("comment", json!("#"))
        .option("decimal_separator", json!(","))
        .option("date_format", json!("%d.%m.%Y"));
    let (columns, rows) = folder.read("x.csv");
    assert_eq!(columns, "a double, b bigint, d date");
    assert_eq!(rows, [[json!(1.5), json!(2), json!("2024-12-31")]]);
    let windows = Folder::of("x.tsv", "\u{feff}a\tb\r\n1\t\"x\r\ny\"\r\n\r\n2\tz");
    assert_eq!(windows.read("x.tsv").1, [[json!(1), json!("x\r\ny")], [json!(2), json!("z")]]);
    let bare = Folder::of("x.csv", "1,x\n2,y\n").option("header", json!(false));
    assert_eq!(bare.read("x.csv").0, "column0 bigint, column1 varchar");
    let named = bare.column("id", "integer").column("name", "varchar");
    assert_eq!(named.read("x.csv").0, "id integer, name varchar");
    let single = Folder::of("x.csv", "a\n1\n2\n");
    assert_eq!(single.read("x.csv").0, "a bigint");
    let quote = Folder::of("x.csv", "a,b\n1,'x,y'\n").option("quote", json!("'"));
    assert_eq!(quote.read("x.csv").1, [[json!(1), json!("x,y")]]);
    let escape = Folder::of("x.csv", "a,b\n1,\"x\\\"y\"\n").option("escape", json!("\\"));
    assert_eq!(escape.read("x.csv").1, [[json!(1), json!("x\"y")]]);
    let none = Folder::of("x.csv", "a,b\n1,\"x\n").option("quote", json!(""));
    assert_eq!(none.read("x.csv").1, [[json!(1), json!("\"x")]]);
}

#[test]
fn a_declared_type_holds_every_value_or_is_an_error() {
    let content = "a,b\n1.50,x\n007,y\n";
    let read = |data_type: &str| Folder::of("x.csv", content).column("a", data_type).scan("x.csv");
    assert_eq!(columns(&read("decimal(10,2)").unwrap()), "a decimal(10,2), b varchar");
    assert_eq!(columns(&read("varchar").unwrap()), "a varchar, b varchar");
    for (data_type, expected) in [
        ("bigint", "column `a` is bigint, but line 2 of `x.csv` has `1.50`"),
        ("decimal(10,1)", "column `a` is decimal(10,1), but line 2 of `x.csv` has `1.50`"),
        ("boolean", "column `a` is boolean, but line 2 of `x.csv` has `1.50`"),
        ("uuid", "column `a` is uuid, but line 2 of `x.csv` has `1.50`"),
        ("nonsense", "Type with name nonsense does not exist"),
    ] {
        assert_eq!(read(data_type).unwrap_err().to_string(), expected);
    }
    let unknown = Folder::of("x.csv", content).column("z", "integer").error("x.csv");
    assert_eq!(unknown, "column `z` is declared, but is not in the files");
}

#[test]
fn compressed_files_are_whole_or_an_error() {
    let text = "a,b\n".to_owned() + &"1,some text that repeats\n".repeat(50_000);
    let whole = gzip(text.as_bytes());
    let folder = Folder::of("x.csv.gz", &whole);
    assert_eq!(folder.scan("x.csv.gz").unwrap().row_count, Some(50_000));
    let two = [whole.clone(), gzip(b"2,more\n")].concat();
    assert_eq!(Folder::of("x.csv.gz", two).scan("x.csv.gz").unwrap().row_count, Some(50_001));
    for cut in [whole.len() - 4, whole.len() / 2, 5] {
        let error = Folder::of("x.csv.gz", &whole[..cut]).error("x.csv.gz");
        assert_eq!(error, "`x.csv.gz` is damaged: it ends too early", "cut at {cut}");
    }
    let mut wrong = whole.clone();
    let at = wrong.len() - 6;
    wrong[at] ^= 1;
    let error = Folder::of("x.csv.gz", wrong).error("x.csv.gz");
    assert_eq!(
        error,
        "`x.csv.gz` is damaged: corrupt gzip stream does not have a matching checksum"
    );
    let plain = Folder::of("x.csv.gz", &text).error("x.csv.gz");
    assert_eq!(plain, "`x.csv.gz` is not compressed with gzip");
}

#[test]
fn zstandard_is_read_to_its_end() {
    let folder = Folder::new();
    folder.sql("copy (select i, 'text ' || i as t from range(50000) r(i)) to 'DIR/x.csv.zst' (compression zstd)");
    assert_eq!(folder.scan("x.csv.zst").unwrap().row_count, Some(50_000));
    let whole = std::fs::read(folder.directory.path().join("x.csv.zst")).unwrap();
    let cut = Folder::of("x.csv.zst", &whole[..whole.len() / 2]);
    assert_eq!(cut.error("x.csv.zst"), "`x.csv.zst` is damaged: it ends too early");
}

// proves: L-75
#[test]
fn files_are_found_sorted_without_marks() {
    let folder = Folder::of("d/b.csv", "a\n1\n")
        .file("d/a.csv", "a\n2\n")
        .file("d/_SUCCESS.csv", "x")
        .file("d/.hidden.csv", "x")
        .file("d/empty.csv", "")
        .file("d/_temporary/x.csv", "x")
        .file("d/deep/c.csv", "a\n3\n")
        .file("d/[odd]*.csv", "a\n4\n");
    let names = |path: &str| -> Vec<String> {
        find(&folder.object(path)).unwrap().into_iter().map(|file| file.name).collect()
    };
    assert_eq!(names("d/*.csv"), ["d/[odd]*.csv", "d/a.csv", "d/b.csv"]);
    assert_eq!(names("./d/{a,b}.csv"), ["d/a.csv", "d/b.csv"]);
    assert_eq!(names("d/**/*.csv"), ["d/[odd]*.csv", "d/a.csv", "d/b.csv", "d/deep/c.csv"]);
    assert_eq!(names("d/[odd]*.csv"), ["d/[odd]*.csv"]);
    assert_eq!(folder.read("d/[odd]*.csv").1, [[json!(4)]]);
    let absolute = folder.directory.path().join("d/?.csv");
    assert_eq!(names(absolute.to_str().unwrap()), ["d/a.csv", "d/b.csv"]);
    for (path, expected) in [
        ("d/none.csv", "`d/none.csv` does not exist"),
        ("d/none*.csv", "no file matches `d/none*.csv`"),
        ("none/*.csv", "no file matches `none/*.csv`"),
        ("d/empty.csv", "`d/empty.csv` is empty"),
        ("d", "`d` cannot be read: is a directory"),
        ("d/[.csv", "`d/[.csv` is not a glob: unclosed character class; missing ']'"),
    ] {
        assert_eq!(find(&folder.object(path)).unwrap_err().to_string(), expected);
    }
    assert_eq!(Folder::of("x.dat", "a\n").error("x.dat"), "the format of `x.dat` is not known");
}

#[test]
fn partitions_are_columns_of_text() {
    let folder = Folder::of("year=2023/k=a/x.csv", "v\n1\n").file("year=2024/k=b/x.csv", "v\n2\n");
    let (columns, rows) = folder.read("**/*.csv");
    assert_eq!(columns, "v bigint, year varchar, k varchar");
    assert_eq!(
        rows,
        [[json!(1), json!("2023"), json!("a")], [json!(2), json!("2024"), json!("b")]]
    );
    let folder = folder.column("year", "integer");
    assert_eq!(folder.read("**/*.csv").0, "v bigint, year integer, k varchar");
    let folder = folder.file("year=2025/x.csv", "v\n3\n");
    assert_eq!(
        folder.error("**/*.csv"),
        "`year=2025/x.csv` has the partition keys [\"year\"], expected [\"year\", \"k\"]"
    );
}

// proves: L-73
#[test]
fn parquet_footers_agree_or_the_file_is_named() {
    let folder = Folder::new();
    folder
        .sql("copy (select 1::integer as a, 'x' as b, {'c': [1]} as s) to 'DIR/1.parquet'")
        .sql("copy (select {'c': [2]} as s, 'y' as b, 2::integer as a) to 'DIR/2.parquet'");
    let (columns, rows) = folder.read("*.parquet");
    assert_eq!(columns, "a integer, b varchar, s struct(c integer[])");
    assert_eq!(rows[1], [json!(2), json!("y"), json!("{'c': [2]}")]);
    folder.sql("copy (select 3::bigint as a, 'x' as b, 1 as d) to 'DIR/3.parquet'");
    assert_eq!(
        folder.error("*.parquet"),
        "`3.parquet` has other columns than `1.parquet`: it lacks `s`, it adds `d`, of another type are `a`"
    );
    let whole = std::fs::read(folder.directory.path().join("1.parquet")).unwrap();
    let cut = Folder::of("x.parquet", &whole[..whole.len() - 9]);
    assert_eq!(cut.error("x.parquet"), "`x.parquet` is damaged: its footer is missing");
    let other = Folder::of("x.parquet", "a,b\n1,2\n1,2\n");
    assert_eq!(other.error("x.parquet"), "`x.parquet` is not a Parquet file but something else");
}

#[test]
fn json_is_lines_or_an_array() {
    let folder =
        Folder::of("x.ndjson", "{\"a\": 1, \"b\": \"007\"}\n{\"a\": 2, \"c\": {\"d\": [true]}}\n");
    let (columns, rows) = folder.read("x.ndjson");
    assert_eq!(columns, "a bigint, b varchar, c struct(d boolean[])");
    assert_eq!(rows[0], [json!(1), json!("007"), Value::Null]);
    let array = Folder::of("x.json", " [{\"a\": 1}, {\"a\": 2.5}]");
    assert_eq!(array.read("x.json").1, [[json!(1.0)], [json!(2.5)]]);
    let bad = Folder::of("x.json", "{\"a\": 1}\n{\"a\": }\n").error("x.json");
    assert_eq!(bad, "line 2 of `x.json`: expected value");
    let content = "{\"i\": 99999999999999999999, \"t\": \"2024-01-01T10:00:00+05:30\", \"d\": \"2024-01-01\", \"f\": 1.5}\n";
    let (columns, rows) = Folder::of("x.json", content).read("x.json");
    assert_eq!(columns, "i hugeint, t timestamp with time zone, d date, f double");
    assert_eq!(rows[0][..2], [json!("99999999999999999999"), json!("2024-01-01 04:30:00+00")]);
    let other = Folder::of("x.json", "a,b\n").error("x.json");
    assert_eq!(other, "`x.json` is not a JSON file but something that starts with neither { nor [");
}

#[test]
fn options_are_known_by_name_and_kind() {
    let given = json!({"delimter": ",", "skip": "x", "delimiter": "\\t", "compression": "auto"});
    let given: Vec<(&str, &Value)> =
        given.as_object().unwrap().iter().map(|(name, value)| (name.as_str(), value)).collect();
    let errors: Vec<String> =
        FileOptions::read(given).unwrap_err().iter().map(ToString::to_string).collect();
    assert_eq!(
        errors,
        ["unknown option `delimter`", "option `skip` takes a number of lines before the header"]
    );
}

#[test]
fn lines_and_rows_are_counted_across_chunks() {
    for stray in ["plain", "a \"stray quote"] {
        let rows: String = (0..400_000).map(|id| format!("{id},\"two\nlines\"\n")).collect();
        let content = format!("id,t\n{rows}-1,{stray}\n{rows}");
        let folder = Folder::of("x.csv", &content);
        assert_eq!(folder.scan("x.csv").unwrap().row_count, Some(800_001), "{stray}");
        let bad = Folder::of("x.csv", format!("{content}7\n")).error("x.csv");
        assert_eq!(bad, "line 1600003 of `x.csv`: expected 2 fields, found 1", "{stray}");
        let declared = Folder::of("x.csv", format!("{content}seven,x\n")).column("id", "integer");
        let wrong = "column `id` is integer, but line 1600003 of `x.csv` has `seven`";
        assert_eq!(declared.error("x.csv"), wrong, "{stray}");
    }
}

#[test]
fn a_hash_tells_contents_apart() {
    let folder = Folder::of("a.csv", "id\n1\n").file("b.csv", "id\n1\n").file("c.csv", "id\n2\n");
    let tags: Vec<String> =
        find(&folder.object("*.csv")).unwrap().iter().map(|file| etag(file).unwrap()).collect();
    assert_eq!(tags[0], tags[1]);
    assert_ne!(tags[0], tags[2]);
    assert_eq!(tags[0].len(), 64);
}
