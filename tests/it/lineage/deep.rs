//! Statements that nest as deep as DuckDB parses them.

use super::Oracle;
use super::oracle::Table;

#[test]
fn deep_and_long_statements_resolve_on_a_small_stack() {
    let work = std::thread::Builder::new().stack_size(512 * 1024).spawn(|| {
        let columns = vec![("a".to_owned(), "integer".to_owned())];
        let mut oracle = Oracle::new(&[Table { name: "t".to_owned(), columns }]);
        let many = |text: &str, count: usize| text.repeat(count);
        let statements = [
            format!("select a{} from t", many("+a", 900)),
            format!(
                "select {}a{} from t",
                many("case when a>1 then a else ", 900),
                many(" end", 900)
            ),
            format!("select a from t{}", many(" union all select a from t", 3000)),
            format!("select * from {}t{}", many("(select * from ", 400), many(")", 400)),
            format!(
                "select t.a from t{}",
                (0..900).map(|n| format!(" join t t{n} using (a)")).collect::<String>()
            ),
            format!("select {}a from t", many("not ", 900)),
            format!(
                "with c0 as (select * from t){} select a from c2999",
                (1..3000)
                    .map(|n| format!(", c{n} as (select * from c{})", n - 1))
                    .collect::<String>()
            ),
        ];
        for sql in statements {
            let (_, syntax) = oracle.resolve(&sql);
            let start: String = sql.chars().take(60).collect();
            assert_eq!(syntax.uncertain, [], "{start}");
            assert_eq!(syntax.problems, [], "{start}");
            assert_eq!(syntax.relations.len(), 1, "{start}");
            assert_eq!(syntax.outputs[0].feeds.len(), 1, "{start}");
        }
    });
    work.unwrap().join().unwrap();
}
