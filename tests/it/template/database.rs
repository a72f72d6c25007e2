//! What templates ask a database.

use super::fixture::*;
use sqlflow::relation::RelationName;
use sqlflow::template::*;
use std::sync::{Arc, Mutex};

#[derive(Default)]
pub struct Database(Mutex<Vec<String>>);

impl Database {
    /// What it was asked and told, in order.
    pub fn statements(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl Introspection for Database {
    fn query(&self, sql: &str) -> Result<Table, HostError> {
        self.0.lock().unwrap().push(sql.trim().to_string());
        let column = |name: &str, kind: &str| Column { name: name.into(), data_type: kind.into() };
        Ok(Table {
            columns: vec![column("id", "INTEGER"), column("name", "VARCHAR")],
            rows: vec![
                vec![Value::from(1), Value::from("a")],
                vec![Value::from(2), Value::from(())],
            ],
        })
    }
    fn execute(&self, sql: &str) -> Result<(), HostError> {
        self.0.lock().unwrap().push(sql.trim().to_string());
        Ok(())
    }
    fn columns(&self, relation: &RelationName) -> Result<Option<Vec<Column>>, HostError> {
        let wide = [("id", "INTEGER"), ("price", "DECIMAL(18,3)"), ("name", "VARCHAR(20)")];
        let taken = if relation.identifier == "narrow" { 1 } else { 3 };
        let column = |(name, kind): &(&str, &str)| Column {
            name: (*name).into(),
            data_type: (*kind).into(),
        };
        Ok(Some(wide.iter().take(taken).map(column).collect()))
    }
    fn relation_kind(&self, relation: &RelationName) -> Result<Option<RelationKind>, HostError> {
        Ok((relation.identifier != "gone").then_some(RelationKind::View))
    }
    fn relations_in(
        &self,
        _: Option<&str>,
        schema: &str,
    ) -> Result<Vec<(RelationName, RelationKind)>, HostError> {
        let identifier = "found".to_string();
        let name = RelationName { database: None, schema: Some(schema.to_string()), identifier };
        Ok(vec![(name, RelationKind::Table)])
    }
    fn schema_exists(&self, _: Option<&str>, schema: &str) -> Result<bool, HostError> {
        Ok(schema == "main")
    }
}

#[test]
fn queries_give_tables_that_can_be_taken_apart() {
    let cases = [
        (
            "{% set t = run_query('q') %}{{ t.columns[0].values() }}{{ t.columns['name'].values()[0] }}",
            "(1, 2)a",
        ),
        (
            "{% for row in run_query('q') %}{{ row['id'] }}{{ row[1] }}{{ row.name }};{% endfor %}",
            "1aa;2NoneNone;",
        ),
        (
            "{% set t = run_query('q') %}{{ t.rows | length }}{{ t.column_names }}{{ t.rows[0].values() }}{{ t.rows[0].dict() }}",
            "2('id', 'name')(1, 'a'){'id': 1, 'name': 'a'}",
        ),
        (
            "{% set t = run_query('q') %}{% do t.print_table() %}{{ t.columns[1].name }}{{ t.rows[1].get('id') }}",
            "name2",
        ),
        (
            "{% call statement('x', fetch_result=True) %}select 1{% endcall %}{{ load_result('x')['data'] }}{{ load_result('x').table.rows[0][0] }}",
            "[(1, 'a'), (2, None)]1",
        ),
        (
            "{% for c in adapter.get_columns_in_relation(ref('a')) %}{{ c.name }} {{ c.dtype }} {{ c.numeric_precision }} {{ c.is_string() }} {{ c.quoted }},{% endfor %}",
            "id INTEGER None False \"id\",price DECIMAL 18 False \"price\",name VARCHAR None True \"name\",",
        ),
        (
            "{{ adapter.get_missing_columns(ref('a'), ref('narrow')) | map(attribute='name') | list }}",
            "['price', 'name']",
        ),
        (
            "{% set r = adapter.get_relation(database='db', schema='s', identifier='v') %}{{ r }} {{ r.type }} {{ r.is_view }}{{ adapter.get_relation('db', 's', 'gone') is none }}",
            "\"db\".\"s\".\"v\" view TrueTrue",
        ),
        (
            "{{ load_relation(this).is_view }}{{ adapter.check_schema_exists('db', 'main') }}{{ adapter.list_relations('db', 's') }}",
            "TrueTrue[\"s\".\"found\"]",
        ),
        ("{% set r, t = adapter.execute('q', fetch=true) %}{{ t.rows | length }}", "2"),
        ("{{ get_columns_in_query('select 1') }}", "['id', 'name']"),
        ("{{ dbt.run_query('q').columns[0].values() }}{{ dbt.is_incremental() }}", "(1, 2)False"),
        (
            "{% call dbt.statement('x', fetch_result=True) %}q{% endcall %}{{ load_result('x').data }}",
            "[(1, 'a'), (2, None)]",
        ),
    ];
    for (text, expected) in cases {
        let project =
            Project { database: Some(Arc::new(Database::default())), ..Project::default() };
        match render_with(&[], text, project) {
            Ok(result) => assert_eq!(result, expected, "{text}"),
            Err(error) => panic!("{text}: {error:?}"),
        }
    }
}

#[test]
fn the_generic_tests_give_the_failures_as_rows() {
    let mut renderer = renderer(&[]);
    let cases = [
        ("test_not_null", vec![], "select id\nfrom \"db\".\"main\".\"o\"\nwhere id is null"),
        (
            "test_unique",
            vec![],
            "select id as unique_field, count(*) as n_records\nfrom \"db\".\"main\".\"o\"\nwhere id is not null\ngroup by id\nhaving count(*) > 1",
        ),
        (
            "test_accepted_values",
            vec![("values", from_json(r#"["a", "b'c"]"#).unwrap())],
            "with counted as (\n    select id as value_field, count(*) as n_records\n    from \"db\".\"main\".\"o\"\n    group by id\n)\nselect *\nfrom counted\nwhere value_field not in (\n    'a',\n    'b''c'\n)",
        ),
    ];
    for (name, more, expected) in cases {
        let id = renderer.library().find("shop", name).unwrap();
        let mut kwargs = vec![
            ("model", Value::from_object(relation("main", "o"))),
            ("column_name", Value::from("id")),
        ];
        kwargs.extend(more);
        let (_, rendered) = renderer.call(id, &[], &kwargs, Arc::new(Project::default())).unwrap();
        assert_eq!(rendered.text.trim(), expected);
        assert!(
            rendered.macros_called.iter().any(|id| id.ends_with(&format!("dbt.default__{name}")))
        );
    }
}
