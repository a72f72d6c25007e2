//! The cases.

use super::given::{people, rows};
use super::{PEOPLE, Subject, open, other, subject};
use sqlflow::connector::{
    Connector, ConnectorError, Filter, Kind, Object, ReadRequest, WriteMode, WriteRequest, specs,
};
use sqlflow::mode::load::Lag;
use std::collections::BTreeSet;

/// Every kind that is registered.
fn subjects() -> Vec<Box<dyn Subject>> {
    specs().iter().map(|spec| subject(spec.name)).collect()
}

fn all(object: Object) -> ReadRequest {
    ReadRequest {
        object,
        columns: None,
        filter: None,
        limit: None,
        partition_on: None,
        batch_rows: 1000,
        connections: 2,
    }
}

fn read(connector: &dyn Connector, request: &ReadRequest) -> Vec<Vec<String>> {
    rows(connector.read(request).unwrap().as_mut(), request.batch_rows)
}

fn ids(rows: &[Vec<String>]) -> String {
    rows.concat().join(" ")
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

#[test]
fn a_spec_says_what_there_is() {
    let mut kinds = BTreeSet::new();
    for subject in subjects() {
        let connector = open(&*subject);
        let spec = connector.spec();
        assert_eq!(spec.name, subject.kind());
        assert!(kinds.insert(spec.name), "`{}` is there twice", spec.name);
        assert!(!spec.version.is_empty() && !spec.about.is_empty(), "{}", spec.name);
        assert!(spec.batch_rows > 0 && spec.max_connections > 0, "{}", spec.name);
        assert!(connector.batch_rows() > 0 && connector.max_connections() > 0, "{}", spec.name);
        let mut words = BTreeSet::new();
        for parameter in spec.parameters {
            assert!(!parameter.about.is_empty(), "{}", parameter.name);
            for word in parameter.aliases.iter().chain([&parameter.name]) {
                assert!(words.insert(*word), "`{word}` of {} is there twice", spec.name);
            }
        }
    }
}

#[test]
fn a_connection_says_how_many_rows_and_connections() {
    for subject in subjects() {
        let spec = open(&*subject).spec();
        for parameter in ["batch_rows", "max_connections"] {
            if spec.parameters.iter().any(|known| known.name == parameter) {
                let told = other(&*subject, &[(parameter, "7".to_owned())]);
                let found = match parameter {
                    "batch_rows" => told.batch_rows(),
                    _ => told.max_connections(),
                };
                assert_eq!(found, 7, "{} {parameter}", spec.name);
            }
        }
    }
}

#[test]
fn a_connection_is_tested_part_by_part() {
    const PARTS: [&str; 4] = ["reached", "authenticated", "may read", "may write"];
    for subject in subjects() {
        let report = open(&*subject).test_connection();
        let parts: Vec<&str> = report.checks.iter().map(|(part, _)| *part).collect();
        assert_eq!(parts, PARTS, "{}", subject.kind());
        assert!(report.checks.iter().all(|(_, found)| found.is_ok()), "{:?}", report.checks);
        assert!(!report.version.is_empty() && report.latency.is_some(), "{}", subject.kind());
        for (part, more, kind) in subject.failing() {
            let report = other(&*subject, &more).test_connection();
            let failed =
                report.checks.iter().find_map(|(part, found)| Some((*part, found.as_ref().err()?)));
            let (failed, error) = failed.expect("a part fails");
            assert_eq!((failed, error.kind), (part, kind), "{}: {error}", subject.kind());
            assert!(!error.message.contains('\n') && !error.message.is_empty());
            let before = PARTS.iter().take_while(|known| **known != part);
            let told: Vec<&str> = report.checks.iter().map(|(part, _)| *part).collect();
            for part in before {
                assert!(told.contains(part), "{}: {part} of {told:?}", subject.kind());
            }
            // Who is refused may have been answered or not.
            match part {
                "reached" => assert_eq!(report.latency, None),
                "authenticated" => {}
                _ => assert!(report.latency.is_some(), "{}: {told:?}", subject.kind()),
            }
        }
    }
}

#[test]
fn an_object_has_its_schema() {
    for subject in subjects() {
        let connector = open(&*subject);
        for object in subject.people() {
            let columns = connector.schema(&object).unwrap();
            let found: Vec<(&str, &str)> =
                columns.iter().map(|c| (c.name.as_str(), c.data_type.as_str())).collect();
            let expected = [("id", "bigint"), ("name", "varchar"), ("at", "timestamp")];
            assert_eq!(found, expected, "{} {object:?}", subject.kind());
            let all = connector.column_names(&object).unwrap();
            assert_eq!(all, ["id", "name", "at"]);
            let some = connector.schema_of(&object, &names(&["at", "id"])).unwrap();
            assert_eq!(some, [columns[0].clone(), columns[2].clone()]);
        }
        for object in subject.empty() {
            assert_eq!(connector.column_names(&object).unwrap(), ["id", "name", "at"]);
        }
    }
}

#[test]
fn rows_come_with_the_columns_in_the_order_that_is_asked_for() {
    for subject in subjects() {
        let connector = open(&*subject);
        for object in subject.people() {
            let request = all(object.clone());
            assert_eq!(read(&*connector, &request), PEOPLE, "{} {object:?}", subject.kind());
            let columns = Some(names(&["at", "id"]));
            let request = ReadRequest { columns, batch_rows: 3, ..request };
            let expected: Vec<Vec<&str>> = [2, 0, 1, 3]
                .iter()
                .map(|row| PEOPLE[*row])
                .map(|row| vec![row[2], row[0]])
                .collect();
            let mut found = read(&*connector, &request);
            found.sort_by_key(|row| expected.iter().position(|known| known == row));
            assert_eq!(found, expected, "{} {object:?}", subject.kind());
            let fields = connector.read(&request).unwrap().schema();
            let fields: Vec<&str> = fields.fields().iter().map(|f| f.name().as_str()).collect();
            assert_eq!(fields, ["at", "id"]);
        }
    }
}

#[test]
fn a_cursor_tells_which_rows_come() {
    for subject in subjects() {
        let connector = open(&*subject);
        for object in subject.people() {
            let found = |column: &str, since: &str, lag, skips_null| {
                let (column, since) = (column.to_owned(), since.to_owned());
                let filter = Some(Filter { column, since, lag, skips_null });
                let columns = Some(names(&["id"]));
                ids(&read(&*connector, &ReadRequest { columns, filter, ..all(object.clone()) }))
            };
            let eleven = "2024-01-01 11:00:00";
            assert_eq!(found("at", eleven, None, true), "2 4", "{object:?}");
            assert_eq!(found("at", eleven, None, false), "2 3 4", "{object:?}");
            assert_eq!(found("at", eleven, Some(Lag::Minutes(60)), true), "1 2 4", "{object:?}");
            assert_eq!(found("at", eleven, Some(Lag::Minutes(59)), false), "2 3 4", "{object:?}");
            assert_eq!(found("at", "2025-01-01", None, true), "", "{object:?}");
            assert_eq!(found("id", "3", None, true), "3 4", "{object:?}");
            assert_eq!(found("id", "4", Some(Lag::Units(2)), true), "2 3 4", "{object:?}");
        }
    }
}

#[test]
fn a_limit_is_the_most_rows_that_come() {
    for subject in subjects() {
        let connector = open(&*subject);
        for object in subject.people() {
            for (limit, expected) in [(0, 0), (1, 1), (3, 3), (4, 4), (1000, 4)] {
                let request = ReadRequest { limit: Some(limit), ..all(object.clone()) };
                let found = read(&*connector, &request);
                assert_eq!(found.len(), expected, "{} {object:?} {limit}", subject.kind());
                assert!(found.iter().all(|row| PEOPLE.iter().any(|known| known == &row[..])));
            }
        }
    }
}

#[test]
fn an_empty_object_has_columns_and_no_rows() {
    for subject in subjects() {
        let connector = open(&*subject);
        for object in subject.empty() {
            let mut batches = connector.read(&all(object.clone())).unwrap();
            assert_eq!(batches.schema().fields().len(), 3, "{} {object:?}", subject.kind());
            assert!(rows(batches.as_mut(), 1000).is_empty());
        }
    }
}

#[test]
fn what_is_not_there_is_told() {
    for subject in subjects() {
        let connector = open(&*subject);
        let told = |error: ConnectorError, kind: Kind, of: &Object| {
            assert_eq!(error.kind, kind, "{} {of:?}: {error}", subject.kind());
            assert!(!error.message.contains('\n'), "{error}");
        };
        for object in subject.absent() {
            told(connector.schema(&object).unwrap_err(), Kind::NotFound, &object);
            told(connector.column_names(&object).unwrap_err(), Kind::NotFound, &object);
            told(connector.read(&all(object.clone())).err().unwrap(), Kind::NotFound, &object);
        }
        for object in subject.people() {
            let columns = Some(names(&["id", "colour"]));
            let error = connector.read(&ReadRequest { columns, ..all(object.clone()) });
            let error = error.err().unwrap();
            assert!(error.message.contains("`colour`"), "{error}");
            told(error, Kind::NotFound, &object);
            let (column, since) = ("colour".to_owned(), "1".to_owned());
            let filter = Some(Filter { column, since, lag: None, skips_null: true });
            let error = connector.read(&ReadRequest { filter, ..all(object.clone()) });
            told(error.err().unwrap(), Kind::NotFound, &object);
        }
        let foreign = subject.foreign();
        told(connector.schema(&foreign).unwrap_err(), Kind::Data, &foreign);
        told(connector.read(&all(foreign.clone())).err().unwrap(), Kind::Data, &foreign);
    }
}

#[test]
fn what_is_foreseen_is_answered_as_ever() {
    for subject in subjects() {
        let (fresh, told) = (open(&*subject), open(&*subject));
        let objects: Vec<Object> =
            [subject.people(), subject.empty(), subject.absent()].into_iter().flatten().collect();
        told.foresee(&objects);
        for object in &objects {
            assert_eq!(told.schema(object), fresh.schema(object), "{object:?}");
            let read = |connector: &dyn Connector| {
                connector.read(&all(object.clone())).map(|mut batches| rows(batches.as_mut(), 1000))
            };
            assert_eq!(read(&*told), read(&*fresh), "{object:?}");
        }
    }
}

#[test]
fn a_read_that_nobody_wants_leaves_nothing_behind() {
    for subject in subjects() {
        let connector = open(&*subject);
        for object in subject.people() {
            drop(connector.read(&all(object.clone())).unwrap());
            let mut begun = connector.read(&ReadRequest { batch_rows: 1, ..all(object) }).unwrap();
            begun.next().unwrap();
        }
        while !subject.is_quiet() {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }
}

fn write(
    connector: &dyn Connector,
    object: &Object,
    mode: WriteMode,
    batches: &mut dyn sqlflow::connector::Batches,
) -> Result<u64, ConnectorError> {
    let request = WriteRequest { object: object.clone(), mode, run_id: "r1".to_owned() };
    connector.write(&request, batches)
}

fn merge() -> WriteMode {
    WriteMode::Merge { key: names(&["id"]) }
}

#[test]
fn a_mode_is_taken_or_refused_before_anything_is_written() {
    for subject in subjects() {
        let connector = open(&*subject);
        let (object, taken) = subject.written();
        let found = || {
            let columns = Some(names(&["id", "name"]));
            ids(&read(&*connector, &ReadRequest { columns, ..all(object.clone()) }))
        };
        for (mode, rows, expected) in [
            (WriteMode::Replace, &[1, 2][..], "1 a 2 a"),
            (WriteMode::Replace, &[2, 3], "2 b 3 b"),
            (WriteMode::Append, &[4, 5], "2 b 3 b 4 c 5 c"),
            (merge(), &[3, 6], "2 b 3 d 4 c 5 c 6 d"),
            (WriteMode::Append, &[], "2 b 3 d 4 c 5 c 6 d"),
            (WriteMode::Replace, &[], ""),
        ] {
            let name = match expected {
                "1 a 2 a" => "a",
                "2 b 3 b" => "b",
                _ if mode == WriteMode::Append => "c",
                _ => "d",
            };
            let written = write(&*connector, &object, mode.clone(), &mut people(rows, name, false));
            if taken.contains(&mode) {
                assert_eq!(written, Ok(rows.len() as u64), "{} {mode:?}", subject.kind());
                assert_eq!(found(), expected, "{} {mode:?}", subject.kind());
            } else {
                assert_eq!(written.unwrap_err().kind, Kind::Data, "{} {mode:?}", subject.kind());
                assert_eq!(connector.schema(&object).unwrap_err().kind, Kind::NotFound);
            }
        }
    }
}

#[test]
fn a_stream_that_fails_leaves_what_was_there() {
    for subject in subjects() {
        let connector = open(&*subject);
        let (object, taken) = subject.written();
        if taken.is_empty() {
            continue;
        }
        let fails = |mode: WriteMode| {
            let error = write(&*connector, &object, mode, &mut people(&[8, 9], "x", true));
            assert_eq!(error.unwrap_err().message, "the line is cut");
        };
        for mode in [WriteMode::Replace, WriteMode::Append] {
            fails(mode);
            assert_eq!(connector.schema(&object).unwrap_err().kind, Kind::NotFound);
        }
        write(&*connector, &object, WriteMode::Replace, &mut people(&[1, 8], "a", false)).unwrap();
        let before = read(&*connector, &all(object.clone()));
        for mode in taken {
            fails(mode);
            assert_eq!(read(&*connector, &all(object.clone())), before, "{}", subject.kind());
        }
    }
}

#[test]
fn an_unknown_or_missing_parameter_is_told_with_those_that_there_are() {
    for spec in specs() {
        let subject = subject(spec.name);
        let given = subject.parameters();
        let given = || given.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let errors = spec.read(given().chain([("colour", "red")])).unwrap_err();
        let told = format!("{} {}", errors[0].message, errors[0].help);
        assert!(told.contains("`colour`") && told.contains(spec.parameters[0].name), "{told}");
        for parameter in spec.parameters.iter().filter(|parameter| parameter.required) {
            let errors = spec.read(given().filter(|(name, _)| *name != parameter.name));
            let errors = errors.unwrap_err();
            assert!(errors[0].message.contains(parameter.name), "{errors:?}");
        }
    }
}
