//! What stands in the database, under whatever names.

use super::subjects;
use sqlflow::relation::{RelationKind, RelationName};

const HOSTILE: [&str; 8] = [
    "select",
    "with space",
    "Äöß 😀",
    "quote\"d",
    "apo'strophe",
    "semi;colon--",
    "dot.ted",
    "back\\slash",
];

#[test]
fn names_of_any_letters_are_made_found_and_told() {
    for subject in subjects() {
        let mut session = subject.session();
        for name in HOSTILE {
            let schema = RelationName { schema: Some(name.to_owned()), ..subject.schema.clone() };
            let relation = schema.sibling(name);
            let quoted = subject.dialect.quote(name);
            let shown = subject.dialect.render(&relation);
            assert!(!session.schema_exists(relation.database.as_deref(), name).unwrap());
            session.execute(&format!("create schema {quoted}")).unwrap();
            assert!(session.schema_exists(relation.database.as_deref(), name).unwrap());
            session.execute(&format!("create table {shown} ({quoted} integer not null)")).unwrap();
            let columns = session.columns(&relation).unwrap().unwrap();
            let column = (columns[0].name.as_str(), columns[0].data_type.as_str());
            assert_eq!((column, columns[0].nullable), ((name, "integer"), false));
            let all = session.relations(std::slice::from_ref(&schema)).unwrap();
            assert_eq!(all, [(relation.clone(), RelationKind::Table)], "{}", subject.name());
            let literal = subject.dialect.string_literal(name);
            let table = session.query(&format!("select {literal} as {quoted}"), None).unwrap();
            assert_eq!((table.columns[0].0.as_str(), &table.rows[0][0]), (name, &name.into()));
        }
    }
}

#[test]
fn what_does_not_exist_is_none() {
    for subject in subjects() {
        let mut session = subject.session();
        let absent = subject.relation("absent");
        assert_eq!(session.relation_kind(&absent).unwrap(), None);
        assert_eq!(session.columns(&absent).unwrap(), None);
        let nowhere = RelationName { schema: Some("nowhere".to_owned()), ..absent };
        assert_eq!(session.relation_kind(&nowhere).unwrap(), None);
        assert_eq!(session.columns(&nowhere).unwrap(), None);
        assert_eq!(session.relations(&[nowhere]).unwrap(), []);
        assert_eq!(session.relations(&[]).unwrap(), []);
        assert!(!session.schema_exists(None, "nowhere").unwrap());
        assert_eq!(session.relation_kind(&subject.dialect.temporary("absent")).unwrap(), None);
    }
}

#[test]
fn tables_views_and_temporary_tables_are_told_apart() {
    for subject in subjects() {
        let mut session = subject.session();
        session.execute("create table t (i integer not null, \"D d\" decimal(10,2))").unwrap();
        session.execute("create view v as select i from t").unwrap();
        let temporary = subject.dialect.temporary("k");
        let shown = subject.dialect.render(&temporary);
        session.execute(&format!("create temporary table {shown} (i bigint)")).unwrap();
        let (table, view) = (subject.relation("t"), subject.relation("v"));
        assert_eq!(session.relation_kind(&table).unwrap(), Some(RelationKind::Table));
        assert_eq!(session.relation_kind(&view).unwrap(), Some(RelationKind::View));
        assert_eq!(session.relation_kind(&temporary).unwrap(), Some(RelationKind::Table));
        let columns = session.columns(&table).unwrap().unwrap();
        let columns: Vec<_> =
            columns.iter().map(|c| (c.name.as_str(), c.data_type.as_str(), c.nullable)).collect();
        assert_eq!(columns, [("i", "integer", false), ("D d", "decimal(10,2)", true)]);
        assert_eq!(session.columns(&view).unwrap().unwrap().len(), 1);
        assert_eq!(session.columns(&temporary).unwrap().unwrap()[0].data_type.as_str(), "bigint");
        let all = session.relations(std::slice::from_ref(&table)).unwrap();
        let expected = [(table, RelationKind::Table), (view, RelationKind::View)];
        assert_eq!(all, expected, "{}", subject.name());
        assert_eq!(subject.session().relation_kind(&temporary).unwrap(), None);
    }
}
