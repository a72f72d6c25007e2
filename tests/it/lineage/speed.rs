//! What parsing and resolving take beside binding.

use super::Oracle;
use sqlflow::check::syntax::syntax;
use std::time::Instant;

#[test]
#[ignore = "measures"]
fn speed() {
    let model = "with flights as (select * from stg_flights), airports as (select * from stg_airports where faa is not null),
joined as (
 select f.*, a.name as origin_name, b.name as dest_name, coalesce(f.dep_delay, 0) + coalesce(f.arr_delay,0) as total_delay,
  case when f.dep_delay > 60 then 'late' when f.dep_delay > 15 then 'some' else 'none' end as cat
 from flights f left join airports a on f.origin = a.faa left join airports b on f.dest = b.faa where f.year = 2013
),
agg as (select carrier, origin_name, date_trunc('month', time_hour) as month, count(*) as flights, avg(total_delay) as d, sum(case when cat='late' then 1 else 0 end) as late,
  row_number() over (partition by carrier order by count(*) desc) as rn from joined group by carrier, origin_name, month)
select *, late / flights as share from agg where rn <= 10 order by share desc";
    let mut session = crate::corpus::session();
    session.execute("create table stg_flights(year int, origin varchar, dest varchar, carrier varchar, dep_delay int, arr_delay int, time_hour timestamp, c1 int, c2 int, c3 int, c4 int, c5 int, c6 int, c7 int, c8 int, c9 int, c10 int, c11 int, c12 int)").unwrap();
    session.execute("create table stg_airports(faa varchar, name varchar)").unwrap();
    let models: Vec<String> = (0..1000).map(|n| format!("{model} -- {n}")).collect();
    let start = Instant::now();
    for model in &models {
        session.query(&format!("describe {model}"), None).unwrap();
    }
    println!("describe {:?}", start.elapsed());
    let texts: Vec<&str> = models.iter().map(String::as_str).collect();
    let start = Instant::now();
    let parsed = syntax(&mut *session, &texts).unwrap();
    println!("parse and decode {:?}", start.elapsed());
    let start = Instant::now();
    let columns = |name: &sqlflow::relation::RelationName| {
        Some(match name.identifier.as_str() {
            "stg_flights" => [
                "year",
                "origin",
                "dest",
                "carrier",
                "dep_delay",
                "arr_delay",
                "time_hour",
                "c1",
                "c2",
                "c3",
                "c4",
                "c5",
                "c6",
                "c7",
                "c8",
                "c9",
                "c10",
                "c11",
                "c12",
            ]
            .map(str::to_owned)
            .to_vec(),
            _ => vec!["faa".to_owned(), "name".to_owned()],
        })
    };
    let told: Vec<_> = parsed.iter().map(|one| one.resolve(&columns)).collect();
    println!("resolve {:?} {} {:?}", start.elapsed(), told[0].uses.len(), told[0].problems);
    let start = Instant::now();
    for (one, before) in parsed.iter().zip(&told) {
        one.without(before, &columns, &|name| name.identifier == "stg_flights", "origin");
    }
    println!("without {:?}", start.elapsed());
    let _ = Oracle::new(&[]);
}
