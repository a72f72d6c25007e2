//! Random faults of the server and of the way to it, while the program loads and exports: it succeeds,
//! after another try where one is needed, or ends in a clean error; and the rows on the receiving side
//! are the new ones or the old ones, each of them.
//!
//! `SQLFLOW_TEST_FAULTS=200` is the full run. A fault counts when rows had begun to flow, more were to
//! come, and the run noticed. What counted, and how the runs ended, is printed.

#![allow(clippy::print_stdout, reason = "which faults fell where is for people to read")]

use super::export::ask;
use super::proxy::{At, Break, Proxy};
use super::server::Server;
use crate::project::{Project, Ran};
use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;

/// Faults that have to count in each of the two tests, in the small run.
const FEW: u32 = 7;

/// Half of the faults that are asked for: loads have one half, exports the other.
#[allow(clippy::disallowed_methods, reason = "the full run is asked for so")]
fn wanted() -> u32 {
    std::env::var("SQLFLOW_TEST_FAULTS").map_or(FEW, |count| count.parse::<u32>().unwrap() / 2)
}

/// Where the numbers begin; `SQLFLOW_TEST_SEED` gives another start.
#[allow(clippy::disallowed_methods, reason = "a test's own knob")]
fn seed() -> u64 {
    std::env::var("SQLFLOW_TEST_SEED").map_or(20_260_301, |seed| seed.parse().unwrap())
}

/// Numbers that look random and are the same each time (splitmix64).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        usize::try_from(mixed % end.max(1) as u64).unwrap()
    }
}

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    CutBack,
    CutForth,
    StallThenCut,
    Restart,
    BackendKilled,
    GoneForGood,
}

const FAULTS: [Fault; 6] = [
    Fault::CutBack,
    Fault::CutForth,
    Fault::StallThenCut,
    Fault::Restart,
    Fault::BackendKilled,
    Fault::GoneForGood,
];

type Change = Box<dyn Fn(&Server, &Project, usize)>;
type Look = Box<dyn Fn(&Server, &Project) -> String>;

/// Rows that move, and where they arrive.
struct Case {
    name: &'static str,
    project: Project,
    verb: &'static str,
    /// Changes what is sent, for the step of that number.
    change: Change,
    /// What the receiving side holds.
    found: Look,
    /// What it is to hold.
    wanted: Look,
    /// Takes note that it does.
    arrived: Box<dyn Fn(&Project)>,
    /// Whether most bytes come from the server.
    is_load: bool,
}

/// A table as text: the number of its rows, and a hash of them all in order.
fn hash(table: &str) -> String {
    format!(
        "select count(*) || ':' || coalesce(md5(string_agg(id || '|' || v || '|' || md5(pad), ',' \
         order by id, v)), '') from {table}"
    )
}

fn hash_here(project: &Project, table: &str) -> String {
    project.query(&hash(table))[0][0].as_str().unwrap().to_owned()
}

fn profiles(port: u16, retries: usize) -> String {
    format!(
        "shop:\n  target: dev\n  outputs:\n    dev: {{type: duckdb, path: shop.duckdb}}\n  connections:\n    crm: {{type: postgres, host: 127.0.0.1, port: {port}, dbname: postgres, user: postgres, sslmode: disable, retries: {retries}}}\n"
    )
}

impl Case {
    /// The source table `table` with `rows`, loaded as `load` says; a step changes every `share`th.
    fn load(server: &Server, table: &'static str, rows: u32, load: &str, share: usize) -> Self {
        server.run(&format!(
            "create table {table} (id int primary key, v int, pad text, at timestamptz);
             insert into {table} select i, 0, repeat('x', 900), clock_timestamp() from generate_series(1, {rows}) i"
        ));
        let source = format!(
            "sources:\n  - name: crm\n    connection: crm\n    tables:\n      - {{name: {table}, load: {{{load}}}}}\n"
        );
        let project = Project::new().file("sources/crm.yml", &source);
        let change = move |server: &Server, _: &Project, step: usize| {
            let at = step % share;
            server.run(&format!(
                "update {table} set v = {step}, at = clock_timestamp() where id % {share} = {at}"
            ));
            server.run(&format!("vacuum {table}"));
        };
        Self {
            name: table,
            project,
            verb: "load",
            change: Box::new(change),
            found: Box::new(move |_, project| hash_here(project, &format!("crm.{table}"))),
            wanted: Box::new(move |server, _| ask(server, &hash(table))),
            arrived: Box::new(|_| ()),
            is_load: true,
        }
    }

    /// The table `feed` exported into `table` as `mode` says. `feed` gets its rows from `rows`, and
    /// `after` is what the target then holds, of the table `mirror`, what it held before.
    fn export(
        table: &'static str,
        mode: &str,
        rows: fn(usize) -> String,
        after: &'static str,
    ) -> Self {
        let yaml = format!(
            "exports:\n  - name: out\n    query: select id, v, pad from main.feed\n    connection: crm\n    table: {table}\n{mode}"
        );
        let project = Project::new().file("models/exports.yml", &yaml);
        project.execute("create table mirror (id integer, v integer, pad varchar)");
        let change = move |_: &Server, project: &Project, step: usize| {
            project.execute(&format!("create or replace table feed as {}", rows(step)));
            project.execute(&format!("create or replace table wanted as {after}"));
        };
        Self {
            name: table,
            project,
            verb: "export",
            change: Box::new(change),
            found: Box::new(move |server, _| ask(server, &hash(table))),
            wanted: Box::new(|_, project| hash_here(project, "wanted")),
            arrived: Box::new(|project| {
                project.execute("create or replace table mirror as from wanted");
            }),
            is_load: false,
        }
    }

    /// A run by way of `proxy`. What only the starter of the server may do happens meanwhile.
    fn run(
        &self,
        proxy: &Proxy,
        retries: usize,
        mut meanwhile: impl FnMut(),
    ) -> (Option<i32>, Ran) {
        self.project.write("profiles.yml", &profiles(proxy.port, retries));
        let mut command = self.project.command([self.verb]);
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        while child.try_wait().unwrap().is_none() {
            if proxy.hit() {
                meanwhile();
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        let output = child.wait_with_output().unwrap();
        (output.status.code(), Ran::new(&output, self.project.root()))
    }

    /// A run that nothing disturbs: the bytes from the server and to it.
    fn undisturbed(&self, server: &Server, step: usize) -> (usize, usize) {
        (self.change)(server, &self.project, step);
        let proxy = Proxy::new(server.port, At::Never, Break::Cut);
        let (status, ran) = self.run(&proxy, 0, || ());
        assert_eq!(status, Some(0), "{}: {ran}", self.name);
        self.is_there(server);
        self.nothing_is_left(server);
        proxy.passed()
    }

    fn is_there(&self, server: &Server) {
        let found = (self.found)(server, &self.project);
        assert_eq!(found, (self.wanted)(server, &self.project), "{}", self.name);
        (self.arrived)(&self.project);
    }

    fn nothing_is_left(&self, server: &Server) {
        let there = "select count(*) from pg_class where relname like '\\_\\_sqlflow%'";
        assert_eq!(ask(server, there), "0", "{}", self.name);
        let here = "select count(*)::varchar from duckdb_tables() where table_name like '\\_\\_sqlflow%' escape '\\'";
        assert_eq!(self.project.query(here)[0][0], "0", "{}", self.name);
    }

    /// One fault at random; how the run ended, where it noticed.
    fn disturbed(
        &self,
        server: &Server,
        fault: Fault,
        random: &mut Random,
        bytes: (usize, usize),
        step: usize,
    ) -> (bool, Ended) {
        (self.change)(server, &self.project, step);
        let before = (self.found)(server, &self.project);
        let (back, forth) =
            (At::Back(1 + random.below(bytes.0)), At::Forth(1 + random.below(bytes.1)));
        let along = if self.is_load { back } else { forth };
        let (at, what) = match fault {
            // Little comes back of an export, and most of it before its rows: the answer to the
            // commit is what matters.
            Fault::CutBack if !self.is_load => {
                ([back, At::BeforeCommit, At::AfterCommit][random.below(3)], Break::Cut)
            }
            Fault::CutBack => (back, Break::Cut),
            Fault::CutForth => (forth, Break::Cut),
            Fault::StallThenCut => {
                (along, Break::Stall(Duration::from_millis(random.below(300) as u64)))
            }
            Fault::Restart | Fault::BackendKilled => (along, Break::Wait),
            Fault::GoneForGood => (along, Break::CutForGood),
        };
        let retries = match fault {
            Fault::GoneForGood => random.below(2),
            // Now and then the user wants none.
            _ if random.below(6) == 0 => 0,
            _ => 5,
        };
        let all = if random.below(2) == 0 { "" } else { "order by random() limit 1" };
        let proxy = Proxy::new(server.port, at, what);
        let mut done = false;
        let (status, ran) = self.run(&proxy, retries, || {
            if done || what != Break::Wait {
                return;
            }
            done = true;
            match fault {
                Fault::Restart => server.restart(),
                _ => server.run(&format!(
                    "select pg_terminate_backend(pid) from (select pid from pg_stat_activity where application_name = 'sqlflow' {all}) as x"
                )),
            }
            proxy.resume();
        });
        let place = format!("{} {fault:?} {at:?} retries {retries}: {ran}", self.name);
        assert!(!ran.stderr.contains("panicked") && !ran.stderr.contains("SF90"), "{place}");
        let mut ended = self.ended(server, status, &ran, &before, &place);
        if ended == Ended::Unnoticed && at == At::AfterCommit {
            ended = Ended::Settled;
        }
        (proxy.hit_rows() && ended != Ended::Unnoticed, ended)
    }

    /// The rows are the new ones, or the old ones and there is an error.
    fn ended(
        &self,
        server: &Server,
        status: Option<i32>,
        ran: &Ran,
        before: &str,
        place: &str,
    ) -> Ended {
        if status == Some(0) {
            let found = (self.found)(server, &self.project);
            assert_eq!(found, (self.wanted)(server, &self.project), "{place}");
            (self.arrived)(&self.project);
            self.nothing_is_left(server);
            return if ran.stderr.contains("note[SF607]") {
                Ended::Healed
            } else {
                Ended::Unnoticed
            };
        }
        assert_eq!(status, Some(3), "{place}");
        assert_eq!(ran.stderr.matches("error[").count(), 1, "{place}");
        let is_unknown = ran.stderr.contains("error[SF608]");
        assert!(is_unknown || ran.stderr.contains("error[SF603]"), "{place}");
        // The server may still be at the end of a transaction that nobody waits for.
        let found = (self.found)(server, &self.project);
        if is_unknown && found == (self.wanted)(server, &self.project) {
            (self.arrived)(&self.project);
        } else {
            assert_eq!(found, before, "{place}");
        }
        if is_unknown { Ended::Unknown } else { Ended::Error }
    }
}

/// How a run with a fault ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Ended {
    /// In success, after another try.
    Healed,
    /// In success, once the server was asked how the transaction ended.
    Settled,
    /// In an error, and nothing had changed.
    Error,
    /// In an error that says that it is not known.
    Unknown,
    /// In success at the first try: all that it waited for had passed.
    Unnoticed,
}

fn disturb(server: &Server, cases: &[Case]) {
    let seed = seed();
    let mut random = Random(seed);
    let bytes: Vec<_> = cases.iter().map(|case| case.undisturbed(server, 1)).collect();
    let mut tally: BTreeMap<(Fault, Ended), u32> = BTreeMap::new();
    let (mut counted, mut runs) = (0, 0);
    while counted < wanted() {
        let case = &cases[runs % cases.len()];
        let fault = FAULTS[runs / cases.len() % FAULTS.len()];
        let (counts, ended) =
            case.disturbed(server, fault, &mut random, bytes[runs % cases.len()], runs + 2);
        runs += 1;
        if counts {
            counted += 1;
            *tally.entry((fault, ended)).or_default() += 1;
        }
    }
    for (case, step) in cases.iter().zip(runs + 2..) {
        case.undisturbed(server, step);
    }
    println!("seed {seed}: {counted} faults of {runs} count");
    for ((fault, ended), count) in &tally {
        println!("  {fault:?}: {count} {ended:?}");
    }
}

/// Crashes lose nothing that was committed.
fn server() -> Server {
    Server::with(&["synchronous_commit=on"], |_| ())
}

// proves: L-80
#[test]
fn faults_while_tables_are_loaded() {
    let server = server();
    // What the sockets on the way hold passes, whatever happens to the server.
    let cases = [
        Case::load(&server, "plain", 12_000, "mode: replace", 3),
        Case::load(&server, "merged", 12_000, "mode: merge, key: id, cursor: at", 1),
        Case::load(&server, "big", 36_000, "mode: replace", 50),
    ];
    disturb(&server, &cases);
}

// proves: L-81, L-82
#[test]
fn faults_while_tables_are_exported() {
    let server = server();
    let cases = [
        Case::export(
            "replaced",
            "    mode: replace\n",
            |step| {
                format!(
                    "select i::integer as id, {step} as v, repeat('x', 500) as pad from range(4000) r(i)"
                )
            },
            "from feed",
        ),
        Case::export(
            "appended",
            "    mode: append\n",
            |step| {
                format!(
                    "select (i + {step} * 3000)::integer as id, {step} as v, repeat('x', 500) as pad from range(3000) r(i)"
                )
            },
            "from mirror union all from feed",
        ),
        Case::export(
            "merged",
            "    mode: merge\n    key: id\n",
            |step| {
                format!(
                    "select (i * 2 + {step} % 7)::integer as id, {step} as v, repeat('x', 500) as pad from range(3000) r(i)"
                )
            },
            "from mirror where id not in (select id from feed) union all from feed",
        ),
    ];
    disturb(&server, &cases);
}
