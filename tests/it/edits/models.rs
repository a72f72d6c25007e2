//! Models, tests, snapshots and exports made at random over sources. All of them bind.

use super::random::Random;
use super::source::{Family, Source};
use crate::project::Project;
use std::fmt::Write;

/// Something that can be read.
#[derive(Clone)]
struct Relation {
    reference: String,
    columns: Vec<(String, Family)>,
}

/// What was made.
pub(super) struct Models {
    random: Random,
    ephemeral: Vec<String>,
    relations: Vec<Relation>,
    /// How many of them are sources, which are the first.
    sources: usize,
    /// The names of columns that models made.
    pub(super) names: Vec<String>,
}

type Made = (String, Vec<(String, Family)>);

impl Models {
    /// Writes sources and models into `project`.
    pub(super) fn write(random: Random, sources: &[Source], project: &Project) -> Self {
        let relation = |source: &Source| Relation {
            reference: format!("{{{{ source('s', '{}') }}}}", source.name),
            columns: source
                .columns
                .iter()
                .map(|column| (column.name.clone(), column.data_type.family()))
                .collect(),
        };
        let relations = sources.iter().map(relation).collect();
        let mut models = Self {
            random,
            relations,
            sources: sources.len(),
            names: Vec::new(),
            ephemeral: Vec::new(),
        };
        let tables: String = sources.iter().map(Source::yaml).collect();
        project.write("sources/s.yml", &format!("sources:\n  - name: s\n    tables:\n{tables}"));
        let mut tests = String::new();
        for number in 0..4 + models.random.below(7) {
            models.model(number, project, &mut tests);
        }
        if !tests.is_empty() {
            project.write("models/_models.yml", &format!("models:\n{tests}"));
        }
        models.snapshot(project);
        models.singular(project);
        models.export(project);
        // What nothing reads is not built, and then shows nothing.
        for name in &models.ephemeral {
            let sql = format!("select * from {{{{ ref('{name}') }}}}");
            project.write(&format!("models/of_{name}.sql"), &sql);
        }
        models
    }

    fn model(&mut self, number: usize, project: &Project, tests: &mut String) {
        let name = format!("m{number}");
        let (sql, columns) = self.query();
        let (config, sql) = self.materialized(&sql, &columns);
        project.write(&format!("models/{name}.sql"), &format!("{config}{sql}\n"));
        if config.contains("ephemeral") {
            self.ephemeral.push(name.clone());
        } else if self.random.chance(60) {
            let (column, family) = self.random.pick(&columns);
            let other = self.random.pick(&self.relations);
            let test = self.random.pick(&[
                "not_null: {config: {severity: warn}}".to_owned(),
                "unique: {config: {severity: warn}}".to_owned(),
                "accepted_values: {arguments: {values: [ab1, ab2]}, config: {severity: warn}}"
                    .to_owned(),
                format!(
                    "relationships: {{arguments: {{to: \"{}\", field: k}}, config: {{severity: warn}}}}",
                    other.reference.trim_matches(|c| "{ }".contains(c))
                ),
            ]);
            // Values of one kind are compared.
            let needed = match test.split(':').next().unwrap() {
                "accepted_values" => Some(Family::Text),
                "relationships" => Some(Family::Number),
                _ => None,
            };
            if needed.is_none_or(|needed| needed == family) {
                let column = format!("{{name: {column}, data_tests: [{{{test}}}]}}");
                writeln!(tests, "  - {{name: {name}, columns: [{column}]}}").unwrap();
            }
        }
        self.relations.push(Relation { reference: format!("{{{{ ref('{name}') }}}}"), columns });
    }

    fn materialized(&mut self, sql: &str, columns: &[(String, Family)]) -> (String, String) {
        let kind = self.random.below(100);
        let plain = |kind: &str| format!("{{{{ config(materialized='{kind}') }}}}\n");
        if kind < 35 {
            return (plain("view"), sql.to_owned());
        } else if kind < 55 {
            return (plain("table"), sql.to_owned());
        } else if kind < 68 {
            return (plain("ephemeral"), sql.to_owned());
        }
        let rule = self.random.pick(&["ignore", "fail", "append_new_columns", "sync_all_columns"]);
        let strategy = self.random.pick(&[
            "",
            ", incremental_strategy='append'",
            ", unique_key='k'",
            ", unique_key='k', incremental_strategy='delete+insert'",
        ]);
        let config = format!(
            "{{{{ config(materialized='incremental', on_schema_change='{rule}'{strategy}) }}}}\n"
        );
        let mut sql = if strategy.contains("unique_key") { unique(sql) } else { sql.to_owned() };
        if self.random.chance(40) {
            let (column, _) = self.random.pick(columns);
            let limit = format!("(select max({column}) from {{{{ this }}}})");
            sql = format!(
                "select * from ({sql}) fresh\n{{% if is_incremental() %}}where {column} >= {limit}{{% endif %}}"
            );
        }
        (config, sql)
    }

    fn snapshot(&mut self, project: &Project) {
        let one = self.random.pick(&self.relations);
        let sql = unique(&format!("select * from {}", one.reference));
        project.write("models/versioned.sql", &sql);
        let time = one.columns.iter().find(|(_, family)| *family == Family::Timestamp);
        let strategy = match (time, self.random.below(3)) {
            (Some((name, _)), 0 | 1) => format!("strategy: timestamp, updated_at: {name}"),
            (_, 0 | 1) => "strategy: check, check_cols: all".to_owned(),
            _ => {
                format!("strategy: check, check_cols: [{}]", self.random.pick(&one.columns).0)
            }
        };
        project.write(
            "snapshots/kept.yml",
            &format!("snapshots:\n  - name: kept\n    relation: ref('versioned')\n    config: {{unique_key: k, {strategy}}}\n"),
        );
        let mut columns = one.columns;
        columns.truncate(3);
        self.relations.push(Relation { reference: "{{ ref('kept') }}".to_owned(), columns });
        let (sql, _) = self.query_of(self.relations.len() - 1);
        project.write("models/of_kept.sql", &sql);
    }

    fn singular(&mut self, project: &Project) {
        let one = self.random.pick(&self.relations);
        let condition = self.condition(&one.columns, "");
        project.write(
            "tests/singular.sql",
            &format!(
                "{{{{ config(severity='warn') }}}}\nselect * from {} where {condition}",
                one.reference
            ),
        );
    }

    fn export(&mut self, project: &Project) {
        let (sql, _) = self.query();
        let format = self.random.pick(&["csv", "parquet"]);
        let sql = sql.replace('\n', " ");
        project.write(
            "exports/out.yml",
            &format!(
                "exports:\n  - name: out\n    query: >-\n      {sql}\n    path: out/out.{format}\n"
            ),
        );
    }

    fn query(&mut self) -> Made {
        let count = self.relations.len();
        // Long chains are rather made of what was made last.
        let at = match self.random.below(100) {
            0..40 => count - 1,
            40..70 => self.random.below(self.sources),
            _ => self.random.below(count),
        };
        self.query_of(at)
    }

    fn query_of(&mut self, at: usize) -> Made {
        let one = self.relations[at].clone();
        let other = self.random.pick(&self.relations);
        match self.random.below(11) {
            0 | 1 => self.list(&one),
            2 => self.star(&one),
            3 => self.exclude(&one),
            4 => self.replace(&one),
            5 | 6 => self.join(&one, &other),
            7 => self.aggregate(&one),
            8 => self.union(&one, &other),
            9 => self.window(&one),
            _ => self.cte(&one, &other),
        }
    }

    fn list(&mut self, one: &Relation) -> Made {
        let mut columns = vec![("k".to_owned(), Family::Number)];
        let mut items = vec!["k".to_owned()];
        for _ in 0..=self.random.below(4) {
            let (expression, family) = self.expression(&one.columns, "");
            let name = self.fresh();
            items.push(format!("{expression} as {name}"));
            columns.push((name, family));
        }
        for (name, family) in &one.columns[1..] {
            if self.random.chance(40) {
                items.push(name.clone());
                columns.push((name.clone(), *family));
            }
        }
        let filter = self.filter(&one.columns, "");
        (format!("select {}\nfrom {}{filter}", items.join(", "), one.reference), columns)
    }

    fn star(&mut self, one: &Relation) -> Made {
        let mut columns = one.columns.clone();
        let mut more = String::new();
        if self.random.chance(60) {
            let (expression, family) = self.expression(&one.columns, "");
            let name = self.fresh();
            more = format!(", {expression} as {name}");
            columns.push((name, family));
        }
        let filter = self.filter(&one.columns, "");
        (format!("select *{more} from {}{filter}", one.reference), columns)
    }

    fn exclude(&mut self, one: &Relation) -> Made {
        if one.columns.len() < 3 {
            return self.star(one);
        }
        let gone = self.random.pick(&one.columns[1..]).0;
        let columns = one.columns.iter().filter(|(name, _)| *name != gone).cloned().collect();
        (format!("select * exclude ({gone}) from {}", one.reference), columns)
    }

    fn replace(&mut self, one: &Relation) -> Made {
        if one.columns.len() < 2 {
            return self.star(one);
        }
        let (expression, family) = self.expression(&one.columns, "");
        let at = 1 + self.random.below(one.columns.len() - 1);
        let mut columns = one.columns.clone();
        columns[at].1 = family;
        let name = &columns[at].0;
        (format!("select * replace ({expression} as {name}) from {}", one.reference), columns)
    }

    fn join(&mut self, one: &Relation, other: &Relation) -> Made {
        let kind = self.random.pick(&["join", "left join"]);
        let (expression, family) = self.expression(&other.columns, "r.");
        let name = self.fresh();
        let (left, mut columns) = if self.random.chance(50) {
            ("l.*".to_owned(), one.columns.clone())
        } else {
            let (expression, family) = self.expression(&one.columns, "l.");
            let name = self.fresh();
            let columns = vec![("k".to_owned(), Family::Number), (name.clone(), family)];
            (format!("l.k, {expression} as {name}"), columns)
        };
        columns.push((name.clone(), family));
        let same = self.common(one, other);
        let on = match (self.random.below(3), same) {
            (0, _) => "using (k)".to_owned(),
            (1, Some(same)) => format!("on l.k = r.k and l.{same} = r.{same}"),
            _ => "on l.k = r.k".to_owned(),
        };
        let filter = self.filter(&other.columns, "r.");
        let (from, to) = (&one.reference, &other.reference);
        let sql = format!(
            "select {left}, {expression} as {name}\nfrom {from} l {kind} {to} r {on}{filter}"
        );
        (sql, columns)
    }

    /// A column that both have, of one kind.
    fn common(&mut self, one: &Relation, other: &Relation) -> Option<String> {
        let common: Vec<_> = one.columns.iter().filter(|c| other.columns.contains(c)).collect();
        (!common.is_empty()).then(|| self.random.pick(&common).0.clone())
    }

    fn aggregate(&mut self, one: &Relation) -> Made {
        let (group, family) = self.random.pick(&one.columns);
        let (least, least_family) = self.random.pick(&one.columns);
        let (by, low) = (self.fresh(), self.fresh());
        let mut items = vec![
            "max(k) as k".to_owned(),
            format!("{group} as {by}"),
            format!("min({least}) as {low}"),
        ];
        let mut columns = vec![("k".to_owned(), Family::Number), (by, family), (low, least_family)];
        let numbers: Vec<_> =
            one.columns.iter().filter(|(_, family)| *family == Family::Number).collect();
        let number = self.random.pick(&numbers).0.clone();
        let sum = self.fresh();
        let function = self.random.pick(&["sum", "avg", "median", "count"]);
        items.push(format!("{function}({number}) as {sum}"));
        columns.push((sum, Family::Number));
        let group = self.random.pick(&["all".to_owned(), group]);
        (format!("select {} from {} group by {group}", items.join(", "), one.reference), columns)
    }

    fn union(&mut self, one: &Relation, other: &Relation) -> Made {
        let (left, family) = self.random.pick(&one.columns);
        let same: Vec<_> = other.columns.iter().filter(|(_, other)| *other == family).collect();
        let right =
            if same.is_empty() { "null".to_owned() } else { self.random.pick(&same).0.clone() };
        let name = self.fresh();
        let columns = vec![("k".to_owned(), Family::Number), (name.clone(), family)];
        let operator = self.random.pick(&["union all", "union", "except", "union all by name"]);
        let sql = format!(
            "select k, {left} as {name} from {}\n{operator}\nselect k, {right} as {name} from {}",
            one.reference, other.reference
        );
        (sql, columns)
    }

    fn window(&mut self, one: &Relation) -> Made {
        let (lagged, family) = self.random.pick(&one.columns);
        let part = self.random.pick(&one.columns).0;
        let name = self.fresh();
        let mut columns = one.columns.clone();
        columns.push((name.clone(), family));
        let sql = format!(
            "select *, lag({lagged}) over (partition by {part} order by k) as {name} from {}",
            one.reference
        );
        (sql, columns)
    }

    fn cte(&mut self, one: &Relation, other: &Relation) -> Made {
        let (expression, family) = self.expression(&one.columns, "");
        let name = self.fresh();
        let columns = vec![("k".to_owned(), Family::Number), (name.clone(), family)];
        let condition = self.condition(&other.columns, "");
        let sql = format!(
            "with base as (select * from {}), part as (select k, {expression} as {name} from base)\nselect k, {name} from part where k in (select k from {} where {condition})",
            one.reference, other.reference
        );
        (sql, columns)
    }

    fn fresh(&mut self) -> String {
        let name = format!("x{}", self.names.len());
        self.names.push(name.clone());
        name
    }

    fn filter(&mut self, columns: &[(String, Family)], prefix: &str) -> String {
        if self.random.chance(60) {
            return String::new();
        }
        format!("\nwhere {}", self.condition(columns, prefix))
    }

    fn condition(&mut self, columns: &[(String, Family)], prefix: &str) -> String {
        let (name, family) = self.random.pick(columns);
        let c = format!("{prefix}{name}");
        let of = match family {
            Family::Number => {
                ["{} > 0", "{} + 1 < 1000000", "{} between 0 and 500000", "{} in (2, 5, 8)"]
            }
            Family::Text => {
                ["{} <> 'zz'", "{} like 'a%'", "{} in ('ab1', 'ab2')", "length({}) > 0"]
            }
            Family::Date => {
                ["{} > date '2020-01-01'", "{} > '2020-01-01'", "year({}) = 2024", "{} is not null"]
            }
            Family::Timestamp => [
                "{} > timestamp '2020-01-01 00:00:00'",
                "{} < now()::timestamp",
                "hour({}) < 24",
                "{} is not null",
            ],
            Family::Bool => ["{}", "not {}", "{} is not null", "{} or true"],
        };
        self.random.pick(&of).replace("{}", &c)
    }

    /// An expression over a column, and of which kind its values are.
    fn expression(&mut self, columns: &[(String, Family)], prefix: &str) -> (String, Family) {
        use Family::{Bool, Date, Number, Text, Timestamp};
        let (name, family) = self.random.pick(columns);
        let numbers = [
            ("{} + 1", Number),
            ("-{}", Number),
            ("abs({})", Number),
            ("{} * 2", Number),
            ("coalesce({}, 0)", Number),
            ("case when {} > 1 then {} else 0 end", Number),
            ("cast({} as varchar)", Text),
            ("{}::double", Number),
            ("cast({} as integer)", Number),
            ("try_cast({} as integer)", Number),
            ("{} || ''", Text),
            ("round({}, 1)", Number),
            ("repeat('x', cast({} as bigint) % 3)", Text),
            ("{} > 3", Bool),
            ("nullif({}, 5)", Number),
            ("greatest({}, 4)", Number),
        ];
        let texts = [
            ("upper({})", Text),
            ("length({})", Number),
            ("{} || 'x'", Text),
            ("substring({}, 1, 2)", Text),
            ("try_cast({} as integer)", Number),
            ("coalesce({}, 'none')", Text),
            ("nullif({}, 'ab1')", Text),
            ("{} = 'ab1'", Bool),
            ("{} in ('ab1', 'zz')", Bool),
            ("try_cast({} as date)", Date),
            ("lower({})::varchar", Text),
            ("case {} when 'ab1' then 'one' else {} end", Text),
            ("concat({}, '-', {})", Text),
            ("replace({}, 'a', 'b')", Text),
            ("hash({}) is null", Bool),
        ];
        let dates = [
            ("{} + interval 1 day", Timestamp),
            ("year({})", Number),
            ("date_trunc('month', {})", Date),
            ("strftime({}, '%Y')", Text),
            ("{} > date '2020-01-01'", Bool),
            ("coalesce({}, date '2020-01-01')", Date),
            ("cast({} as varchar)", Text),
            ("{} + 1", Date),
            ("date_diff('day', {}, date '2030-01-01')", Number),
        ];
        let times = [
            ("{} + interval 1 day", Timestamp),
            ("{}::date", Date),
            ("date_trunc('hour', {})", Timestamp),
            ("strftime({}, '%Y')", Text),
            ("{} > '2020-01-01'", Bool),
            ("epoch({})", Number),
            ("extract(hour from {})", Number),
        ];
        let booleans = [
            ("not {}", Bool),
            ("{}::integer", Number),
            ("case when {} then 'yes' else 'no' end", Text),
            ("coalesce({}, false)", Bool),
            ("{} and true", Bool),
        ];
        let same = match family {
            Number => self.random.pick(&numbers),
            Text => self.random.pick(&texts),
            Date => self.random.pick(&dates),
            Timestamp => self.random.pick(&times),
            Bool => self.random.pick(&booleans),
        };
        (same.0.replace("{}", &format!("{prefix}{name}")), same.1)
    }
}

/// One row for each key.
fn unique(sql: &str) -> String {
    format!("select * from ({sql}) one qualify row_number() over (partition by k order by k) = 1")
}
