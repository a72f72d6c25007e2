//! What the syntax of statements tells, against DuckDB's own binder.

mod deep;
mod oracle;
mod random;
mod statements;

use oracle::Oracle;

/// As many random statements as asked for, else few.
fn count() -> u64 {
    std::env::var("SQLFLOW_TEST_STATEMENTS").map_or(150, |count| count.parse().unwrap())
}

/// Where the numbers begin; `SQLFLOW_TEST_SEED` gives another start.
fn seed() -> u64 {
    std::env::var("SQLFLOW_TEST_SEED").map_or(20_261_123, |seed| seed.parse().unwrap())
}

#[test]
fn random_statements_break_where_the_binder_says() {
    let (count, seed) = (count(), seed());
    println!("SQLFLOW_TEST_SEED={seed} SQLFLOW_TEST_STATEMENTS={count}");
    let mut counts = oracle::Counts::default();
    let mut wrong = Vec::new();
    let mut number = 0;
    while counts.bound < count {
        let mut random = random::Random::new(seed.wrapping_add(number));
        let tables = random.tables();
        let mut oracle = Oracle::new(&tables);
        for _ in 0..25 {
            let sql = random.statement(&tables);
            if let Err(problem) = oracle.check(&sql, &mut counts) {
                wrong.push(format!("{problem}\n  {sql}\n  {}", oracle.schema()));
            }
        }
        number += 1;
        assert!(wrong.len() < 12, "{}", wrong.join("\n\n"));
    }
    println!("{counts:#?}");
    assert!(wrong.is_empty(), "{counts:#?}\n{}", wrong.join("\n\n"));
    assert!(counts.uncertain * 10 < counts.removals, "too much is called uncertain: {counts:#?}");
    assert!(counts.breaks * 5 > counts.removals, "too little breaks: {counts:#?}");
}
