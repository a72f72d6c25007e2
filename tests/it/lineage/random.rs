//! Random tables, and random statements over them. Most of them bind.

use super::oracle::Table;

/// Numbers from a seed: splitmix64.
pub(super) struct Random {
    state: u64,
    aliases: usize,
}

/// A relation that can be named.
#[derive(Clone)]
struct Relation {
    alias: String,
    columns: Vec<String>,
}

/// What can be named at a place: the innermost relations, then those around.
#[derive(Clone, Default)]
struct Scope {
    relations: Vec<Relation>,
    outer: Vec<Relation>,
    ctes: Vec<Relation>,
}

const NAMES: [&str; 7] = ["a", "b", "c", "d", "e", "Weird Näme", "order"];

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self { state: seed, aliases: 0 }
    }

    fn below(&mut self, limit: usize) -> usize {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % (limit as u64)).unwrap()
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn pick<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }

    pub(super) fn tables(&mut self) -> Vec<Table> {
        let names = ["t", "u", "v"];
        let table = |name: &str, this: &mut Self| {
            let mut columns: Vec<(String, String)> = Vec::new();
            for column in NAMES {
                if this.chance(if column.len() > 1 { 20 } else { 60 }) {
                    columns.push((column.to_owned(), "integer".to_owned()));
                }
            }
            if this.chance(40) {
                columns.push(("s".to_owned(), "struct(x integer, a integer)".to_owned()));
            }
            if this.chance(40) {
                columns.push(("l".to_owned(), "integer[]".to_owned()));
            }
            if columns.is_empty() {
                columns.push(("k".to_owned(), "integer".to_owned()));
            }
            Table { name: name.to_owned(), columns }
        };
        names.iter().map(|name| table(name, self)).collect()
    }

    /// A statement over `tables`.
    pub(super) fn statement(&mut self, tables: &[Table]) -> String {
        self.aliases = 0;
        self.query(tables, &Scope::default(), 3).0
    }

    fn fresh(&mut self, prefix: &str) -> String {
        self.aliases += 1;
        format!("{prefix}{}", self.aliases)
    }

    fn query(&mut self, tables: &[Table], outer: &Scope, depth: usize) -> (String, Vec<String>) {
        let mut scope = Scope {
            relations: Vec::new(),
            outer: outer.relations.iter().chain(&outer.outer).cloned().collect(),
            ctes: outer.ctes.clone(),
        };
        let mut with = Vec::new();
        if depth > 1 && self.chance(30) {
            for _ in 0..=self.below(2) {
                with.push(self.cte(tables, &mut scope, depth - 1));
            }
        }
        let recursive = if with.iter().any(|one| one.contains(" union all select n + 1")) {
            "recursive "
        } else {
            ""
        };
        let with = if with.is_empty() {
            String::new()
        } else {
            format!("with {recursive}{} ", with.join(", "))
        };
        if depth > 1 && self.chance(15) {
            let (left, names) = self.select(tables, &scope, depth - 1);
            let (right, _) = if self.chance(40) {
                (left.clone(), Vec::new())
            } else {
                self.select(tables, &scope, depth - 1)
            };
            let operator = self.pick(&[
                "union",
                "union all",
                "except",
                "intersect",
                "union by name",
                "union all by name",
            ]);
            let order = if self.chance(30) && !names.is_empty() {
                format!(" order by {}", quoted(&self.pick(&names)))
            } else {
                String::new()
            };
            return (format!("{with}{left} {operator} {right}{order}"), names);
        }
        let (select, names) = self.select(tables, &scope, depth);
        (format!("{with}{select}"), names)
    }

    fn cte(&mut self, tables: &[Table], scope: &mut Scope, depth: usize) -> String {
        let alias =
            if self.chance(15) { self.pick(&["t", "u", "v"]).to_owned() } else { self.fresh("c") };
        if self.chance(12) {
            let first = self.pick(tables);
            let column = self.pick(&first.columns).0;
            let sql = format!(
                "{alias}(n) as (select {} from {} union all select n + 1 from {alias} where n < 5)",
                quoted(&column),
                first.name
            );
            scope.ctes.push(Relation { alias, columns: vec!["n".to_owned()] });
            return sql;
        }
        let around = Scope { relations: Vec::new(), outer: Vec::new(), ctes: scope.ctes.clone() };
        let (sql, mut columns) = self.query(tables, &around, depth);
        let mut list = String::new();
        if self.chance(15) && !columns.is_empty() {
            columns[0] = self.fresh("al_");
            list = format!("({})", columns[0]);
        }
        let kind = self.pick(&["", "materialized ", "not materialized ", "", ""]);
        scope.ctes.retain(|one| one.alias != alias);
        scope.ctes.push(Relation { alias: alias.clone(), columns });
        format!("{alias}{list} as {kind}({sql})")
    }

    fn from(&mut self, tables: &[Table], scope: &mut Scope, depth: usize) -> String {
        let mut sql = self.relation(tables, scope, depth);
        while scope.relations.len() < 3 && self.chance(40) {
            let left = scope.relations.clone();
            let lateral = self.chance(25);
            if lateral && self.chance(40) {
                let list = left.iter().find(|one| one.columns.iter().any(|name| name == "l"));
                if let Some(list) = list {
                    let (alias, column) = (self.fresh("w"), self.fresh("al_"));
                    sql = format!("{sql}, unnest({}.l) as {alias}({column})", list.alias);
                    scope.relations.push(Relation { alias, columns: vec![column] });
                    continue;
                }
            }
            let right = self.relation(tables, scope, depth);
            let new = scope.relations.last().unwrap().clone();
            let common: Vec<String> = new
                .columns
                .iter()
                .filter(|name| {
                    left.iter().filter(|one| one.columns.contains(name)).count() == 1
                        && !["s", "l"].contains(&name.as_str())
                })
                .cloned()
                .collect();
            let kind = self.pick(&[
                "join",
                "left join",
                "right join",
                "full join",
                "semi join",
                "anti join",
                "join",
            ]);
            sql = match self.below(5) {
                0 => format!("{sql}, {right}"),
                1 | 2 if !common.is_empty() => {
                    let mut names = vec![quoted(&self.pick(&common))];
                    if self.chance(30) {
                        names.push(quoted(&self.pick(&common)));
                        names.dedup();
                    }
                    format!("{sql} {kind} {right} using ({})", names.join(", "))
                }
                3 if !common.is_empty() && self.chance(30) => format!("{sql} natural join {right}"),
                _ => {
                    let on =
                        format!("{} = {}", self.column_of(&left), self.column_of(&[new.clone()]));
                    let more = if self.chance(30) {
                        format!(" and {}", self.condition(tables, scope, 0))
                    } else {
                        String::new()
                    };
                    format!("{sql} {kind} {right} on {on}{more}")
                }
            };
            if sql.contains("semi join") || sql.contains("anti join") {
                if self.chance(90)
                    && (kind == "semi join" || kind == "anti join")
                    && !sql.ends_with(&right)
                {
                    scope.relations.pop();
                }
                break;
            }
        }
        sql
    }

    fn column_of(&mut self, relations: &[Relation]) -> String {
        let relation = self.pick(relations);
        if relation.columns.is_empty() {
            return "1".to_owned();
        }
        format!("{}.{}", relation.alias, quoted(&self.pick(&relation.columns)))
    }

    fn relation(&mut self, tables: &[Table], scope: &mut Scope, depth: usize) -> String {
        if depth > 1 && self.chance(25) {
            let (query, columns) = self.query(tables, scope, depth - 1);
            let alias = self.fresh("q");
            scope.relations.push(Relation { alias: alias.clone(), columns });
            return format!("({query}) as {alias}");
        }
        if self.chance(4) {
            let alias = self.fresh("g");
            scope
                .relations
                .push(Relation { alias: alias.clone(), columns: vec!["range".to_owned()] });
            return format!("range(3) as {alias}");
        }
        if self.chance(5) {
            let alias = self.fresh("x");
            let columns = vec!["a".to_owned(), "al_2".to_owned()];
            scope.relations.push(Relation { alias: alias.clone(), columns });
            return format!("(values (1, 2), (3, 4)) as {alias}(a, al_2)");
        }
        let table = self.pick(tables);
        let (mut name, mut columns) = (
            table.name.clone(),
            table.columns.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>(),
        );
        if !scope.ctes.is_empty() && self.chance(60) {
            let cte = self.pick(&scope.ctes.clone());
            (name, columns) = (cte.alias, cte.columns);
        } else if let Some(cte) = scope.ctes.iter().find(|cte| cte.alias == name) {
            columns.clone_from(&cte.columns);
        }
        if self.chance(10) {
            return self.pivot(name, columns, scope);
        }
        let is_taken = scope.relations.iter().any(|one| one.alias == name);
        if is_taken || self.chance(40) {
            let alias = self.fresh("r");
            let mut list = String::new();
            if self.chance(12) && !columns.is_empty() {
                columns[0] = self.fresh("al_");
                list = format!("({})", columns[0]);
            }
            scope.relations.push(Relation { alias: alias.clone(), columns });
            return format!("{} as {alias}{list}", quoted(&name));
        }
        scope.relations.push(Relation { alias: name.clone(), columns });
        if self.chance(20) { name.to_uppercase() } else { name }
    }

    fn pivot(&mut self, name: String, columns: Vec<String>, scope: &mut Scope) -> String {
        let alias = self.fresh("p");
        let plain: Vec<String> =
            columns.iter().filter(|name| !["s", "l"].contains(&name.as_str())).cloned().collect();
        if plain.len() < 2 {
            scope.relations.push(Relation { alias: alias.clone(), columns });
            return format!("{} as {alias}", quoted(&name));
        }
        let (one, two) = (plain[0].clone(), plain[1].clone());
        let mut left: Vec<String> =
            columns.iter().filter(|name| **name != one && **name != two).cloned().collect();
        if self.chance(50) {
            left.extend(["al_n".to_owned(), "al_v".to_owned()]);
            scope.relations.push(Relation { alias: alias.clone(), columns: left });
            return format!(
                "(unpivot {} on {}, {} into name al_n value al_v) as {alias}",
                quoted(&name),
                quoted(&one),
                quoted(&two)
            );
        }
        let group = if left.is_empty() || self.chance(50) {
            String::new()
        } else {
            left.truncate(1);
            format!(" group by {}", quoted(&left[0]))
        };
        left.extend(["1_al_s".to_owned(), "2_al_s".to_owned()]);
        scope.relations.push(Relation { alias: alias.clone(), columns: left });
        format!(
            "(pivot {} on {} in (1, 2) using sum({}) as al_s{group}) as {alias}",
            quoted(&name),
            quoted(&one),
            quoted(&two)
        )
    }

    /// A name of a column in scope, qualified or not.
    fn column(&mut self, scope: &Scope) -> String {
        let outside = !scope.outer.is_empty() && self.chance(20);
        let relations =
            if outside || scope.relations.is_empty() { &scope.outer } else { &scope.relations };
        if relations.is_empty() {
            return "1".to_owned();
        }
        let relation = self.pick(relations);
        if relation.columns.is_empty() {
            return "2".to_owned();
        }
        let name = self.pick(&relation.columns);
        let others = relations.iter().filter(|one| one.columns.contains(&name)).count();
        let mut text = quoted(&name);
        if self.chance(15) {
            text = text.to_uppercase();
        }
        let qualify = (others > 1 && self.chance(85)) || self.chance(40);
        let text = if qualify { format!("{}.{text}", relation.alias) } else { text };
        match name.as_str() {
            "s" if self.chance(80) => format!("{text}.{}", self.pick(&["x", "a"])),
            "l" => match self.below(4) {
                0 => format!("{text}[1]"),
                1 => format!("len({text})"),
                2 => format!(
                    "list_sum(list_transform({text}, lambda {p}: {p} + 1))",
                    p = self.pick(&["a", "z"])
                ),
                _ => format!("list_sum([y + 1 for y in {text} if y > 2])"),
            },
            _ => text,
        }
    }

    fn expression(&mut self, tables: &[Table], scope: &Scope, depth: usize) -> String {
        let column = self.column(scope);
        match self.below(16) {
            0 => format!("{column} + {}", self.column(scope)),
            1 => format!("coalesce({column}, {})", self.column(scope)),
            2 => format!("case when {} then {column} else 0 end", self.condition(tables, scope, 0)),
            3 => format!("cast({column} as bigint)"),
            4 if depth > 0 => {
                format!("(select max({}) from ({}))", "k", self.keyed(tables, scope, depth - 1))
            }
            5 => format!("/* é a */ abs({column})"),
            6 => format!("'é a' || {column}"),
            7 => "42".to_owned(),
            8 => format!("{{'x': {column}}}"),
            _ => column,
        }
    }

    /// A subquery of one column called `k`.
    fn keyed(&mut self, tables: &[Table], scope: &Scope, depth: usize) -> String {
        let mut inner = Scope {
            relations: Vec::new(),
            outer: scope.relations.iter().chain(&scope.outer).cloned().collect(),
            ctes: scope.ctes.clone(),
        };
        let from = self.from(tables, &mut inner, depth);
        let column = self.column(&inner);
        let filter = if self.chance(50) {
            format!(" where {}", self.condition(tables, &inner, 0))
        } else {
            String::new()
        };
        format!("select {column} as k from {from}{filter}")
    }

    fn condition(&mut self, tables: &[Table], scope: &Scope, depth: usize) -> String {
        let column = self.column(scope);
        match self.below(8) {
            0 if depth > 0 => format!("exists ({})", self.keyed(tables, scope, depth - 1)),
            1 if depth > 0 => format!("{column} in ({})", self.keyed(tables, scope, depth - 1)),
            2 => format!("{column} is not null"),
            3 => format!("{column} between 1 and {}", self.column(scope)),
            _ => format!("{column} > {}", self.below(9)),
        }
    }

    fn select(&mut self, tables: &[Table], around: &Scope, depth: usize) -> (String, Vec<String>) {
        let mut scope = around.clone();
        let from = self.from(tables, &mut scope, depth);
        if self.chance(20) {
            return self.grouped(tables, &scope, &from);
        }
        let mut items = Vec::new();
        let mut names = Vec::new();
        let mut aliases: Vec<String> = Vec::new();
        for _ in 0..=self.below(3) {
            if self.chance(28) {
                self.star(&scope, &mut items, &mut names);
                continue;
            }
            if !aliases.is_empty() && self.chance(20) {
                let alias = self.fresh("n");
                items.push(format!("{} + 1 as {alias}", self.pick(&aliases)));
                names.push(alias);
                continue;
            }
            let expression = if self.chance(15) {
                self.window(&scope)
            } else {
                self.expression(tables, &scope, depth.min(1))
            };
            if self.chance(50) {
                let alias = if self.chance(30) {
                    self.pick(&NAMES[..5]).to_owned()
                } else {
                    self.fresh("n")
                };
                items.push(format!("{expression} as {}", quoted(&alias)));
                aliases.push(quoted(&alias));
                names.push(alias);
            } else {
                let word = expression.rsplit('.').next().unwrap().trim_matches('"').to_owned();
                let is_word = word.chars().all(|c| c.is_alphanumeric() || c == '_' || c == ' ');
                items.push(expression);
                if is_word {
                    names.push(word);
                }
            }
        }
        let distinct = if self.chance(8) {
            format!("distinct on ({}) ", self.column(&scope))
        } else {
            String::new()
        };
        let mut sql = if self.chance(10) {
            format!("from {from} select {distinct}{}", items.join(", "))
        } else {
            format!("select {distinct}{} from {from}", items.join(", "))
        };
        if self.chance(40) {
            let condition = if !aliases.is_empty() && self.chance(15) {
                format!("{} > 1", self.pick(&aliases))
            } else {
                self.condition(tables, &scope, depth.min(1))
            };
            sql = format!("{sql} where {condition}");
        }
        if self.chance(8) {
            sql = format!("{sql} qualify row_number() over (order by {}) = 1", self.column(&scope));
        }
        if self.chance(20) {
            let order = match self.below(4) {
                0 => "1".to_owned(),
                1 if !aliases.is_empty() => self.pick(&aliases),
                2 if !aliases.is_empty() => format!("{} + 1", self.pick(&aliases)),
                _ => self.column(&scope),
            };
            let limit = if self.chance(50) { " limit 3" } else { "" };
            sql = format!("{sql} order by {order}{limit}");
        }
        (sql, names)
    }

    fn window(&mut self, scope: &Scope) -> String {
        let (one, two) = (self.column(scope), self.column(scope));
        match self.below(3) {
            0 => format!("row_number() over (partition by {one} order by {two})"),
            1 => {
                format!("sum({one}) over (order by {two} rows between 1 preceding and current row)")
            }
            _ => format!("lag({one}) filter (where {two} > 0) over ()")
                .replace(" filter (where", " over (order by")
                .replace(" > 0) over ()", ")"),
        }
    }

    fn grouped(&mut self, tables: &[Table], scope: &Scope, from: &str) -> (String, Vec<String>) {
        let (key, value) = (self.column(scope), self.column(scope));
        let filter = if self.chance(30) {
            format!(" filter (where {})", self.condition(tables, scope, 0))
        } else {
            String::new()
        };
        let (key_name, sum) = (self.fresh("n"), self.fresh("n"));
        let group = self.pick(&["all", "1", key.as_str(), key_name.as_str()]).to_owned();
        let having = match self.below(5) {
            0 => format!(" having {sum} > 1"),
            1 => format!(" having count({value}) > 1"),
            _ => String::new(),
        };
        let order =
            if self.chance(30) { format!(" order by {sum}, {key_name}") } else { String::new() };
        let select = format!(
            "select {key} as {key_name}, sum({value}){filter} as {sum}, count(*) from {from} group by {group}{having}{order}"
        );
        (select, vec![key_name, sum])
    }

    fn star(&mut self, scope: &Scope, items: &mut Vec<String>, names: &mut Vec<String>) {
        let all: Vec<String> = scope.relations.iter().flat_map(|one| one.columns.clone()).collect();
        if all.is_empty() {
            items.push("1".to_owned());
            return;
        }
        let (some, other) = (self.pick(&all), self.pick(&all));
        let (name, new) = (quoted(&some), self.fresh("al_"));
        match self.below(14) {
            0 => {
                items.push(format!("* exclude ({name})"));
                names.extend(all.into_iter().filter(|one| *one != some));
            }
            1 => {
                items.push(format!("* replace ({} as {name})", quoted(&other)));
                names.extend(all);
            }
            2 => {
                items.push(format!("* rename ({name} as {new})"));
                names
                    .extend(all.into_iter().map(|one| if one == some { new.clone() } else { one }));
            }
            3 => {
                items.push("columns('^[ab]$')".to_owned());
                names.extend(all.into_iter().filter(|one| ["a", "b"].contains(&one.as_str())));
            }
            4 => {
                items.push("max(columns('^[abc]$')) over ()".to_owned());
                names.extend(all.into_iter().filter(|one| ["a", "b", "c"].contains(&one.as_str())));
            }
            5 => {
                items.push(format!("columns(['{some}', '{other}'])"));
                names.extend([some, other]);
            }
            6 => {
                items.push("columns(c -> c = 'a')".to_owned());
            }
            7 => {
                items.push("* like '%a%'".to_owned());
                names.extend(all.into_iter().filter(|one| one.contains('a')));
            }
            8..=10 => {
                let relation = self.pick(&scope.relations);
                items.push(format!("{}.*", relation.alias));
                names.extend(relation.columns);
            }
            _ => {
                items.push("*".to_owned());
                names.extend(all);
            }
        }
    }
}

fn quoted(name: &str) -> String {
    let is_plain = name != "order" && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let is_plain = is_plain && !name.starts_with(|c: char| c.is_ascii_digit());
    if is_plain { name.to_owned() } else { format!("\"{name}\"") }
}
