#!/usr/bin/env python3
"""Measures PostgreSQL and S3, in and out, beside psql, DuckDB's own extensions and dlt. See bench/README.md.

Starts the servers itself (scripts/with-servers) and stops them. Prints markdown on stdout and progress on stderr.
"""
import argparse
import datetime
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Callable, Dict, List, NamedTuple

sys.dont_write_bytecode = True
from loads import COUNT, DATABASE, OTHER, SUMS, ratio_of, remove
from measure import (
    Cost, Failed, ask, duckdb_python, executable, heading, measured, mebibytes, median, memory, note, output_of,
    processor, replay, say, seconds, table,
)

HERE = Path(__file__).resolve().parent
# A server as somebody would set it up for tables of this size; autovacuum would work in the middle of a turn.
POSTGRES_OPTIONS = (
    "-c shared_buffers=1GB -c max_wal_size=16GB -c wal_level=minimal -c max_wal_senders=0 -c autovacuum=off"
)


def main() -> None:
    args = arguments()
    if "S3_FOLDER" not in os.environ:
        start_servers(args)
    work = Path(args.work or tempfile.mkdtemp(prefix="sqlflow-bench-")).resolve()
    work.mkdir(parents=True, exist_ok=True)
    try:
        args.python = duckdb_python(args) or fail("no python with duckdb 1.5.5: `--duckdb-python`")
        print_setting(args)
        for part in args.only:
            PARTS[part](args, work)
    except Failed as failure:
        sys.exit(f"bench/connectors.py: {failure}")
    finally:
        if not args.work:
            shutil.rmtree(work, ignore_errors=True)


def arguments() -> argparse.Namespace:
    def numbers(text: str) -> List[int]:
        return [int(number) for number in text.split(",") if number]

    target = os.environ.get("CARGO_TARGET_DIR") or "target"
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sqlflow", default=f"{target}/release/sqlflow", help="the binary")
    parser.add_argument("--s3-server", default=f"{target}/release/examples/s3_server", help="the store's program")
    parser.add_argument("--duckdb-python", help="a python with duckdb and its extensions from PyPI")
    parser.add_argument("--dlt", help="a python with dlt[duckdb,sql_database], connectorx and psycopg2-binary")
    parser.add_argument("--sizes", type=numbers, default=[1_000_000, 10_000_000, 30_000_000], help="rows of tables read")
    parser.add_argument("--rows", type=int, default=10_000_000, help="of exports and of the Parquet file")
    parser.add_argument("--dlt-sizes", type=numbers, default=[1_000_000], help="rows of tables that dlt reads too")
    parser.add_argument("--runs", type=int, default=5, help="turns; each contender runs once a turn")
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(PARTS), help=f"of {','.join(PARTS)}")
    parser.add_argument("--work", help="directory to work in, and keep; else a temporary one")
    parser.set_defaults(dbt=None)
    args = parser.parse_args()
    unknown = set(args.only) - set(PARTS)
    if unknown:
        parser.error(f"--only knows {', '.join(PARTS)}, not {', '.join(sorted(unknown))}")
    for peer in (args.s3_server, args.dlt):
        if peer and not executable(peer):
            parser.error(f"`{peer}`: no such program")
    args.sqlflow = executable(args.sqlflow) or parser.error(f"`{args.sqlflow}`: no such program")
    return args


def start_servers(args: argparse.Namespace) -> None:
    """The same command again, in place of this one, beside servers."""
    environment = dict(os.environ, S3_SERVER=executable(args.s3_server), POSTGRES_OPTIONS=POSTGRES_OPTIONS)
    servers = str(HERE.parent / "scripts" / "with-servers")
    os.execve(servers, [servers, sys.executable, __file__, *sys.argv[1:]], environment)


# What is compared


class Contender(NamedTuple):
    """One way to do the same."""

    name: str
    prepare: Callable[[], None]
    run: Callable[[], Cost]
    server: str = "POSTGRES_PID"


def compare_reads(args: argparse.Namespace, work: Path) -> None:
    """A table of PostgreSQL into a table of a new database file."""
    heading("PostgreSQL table to DuckDB table")
    for size in args.sizes:
        psql(f"create table rows_{size} as {rows_of_postgres(size)}", f"vacuum (freeze, analyze) rows_{size}")
        project = new_project(work / "read", f"{{name: t, identifier: rows_{size}}}", connection="database")
        copy = f"copy rows_{size} to stdout (format binary)"
        read = [*attached(args, "postgres"), f"create table t as select * from pg.public.rows_{size}"]
        contenders = [
            Contender("psql, binary COPY to /dev/null", nothing, lambda: measured(psql_of(copy), project)),
            Contender("DuckDB's extension", removing(project / OTHER), duckdb(args, project, read)),
            Contender("sqlflow load", removing(project / DATABASE), sqlflow(args, project, "load")),
        ]
        if args.dlt and size in args.dlt_sizes:
            contenders += [dlt(args, project, f"rows_{size}", backend) for backend in ("sqlalchemy", "connectorx")]
        rows = compared(f"{size:,} rows", contenders, args.runs)
        require_same_rows(args.python, project)
        psql(f"drop table rows_{size}")
        table(head("psql", "extension"), rows)
    say(SERVER_IS_BESIDE)


def compare_s3_reads(args: argparse.Namespace, work: Path) -> None:
    """A Parquet object into a table of a new database file."""
    heading("Parquet in S3 to DuckDB table")
    path = Path(os.environ["S3_FOLDER"], "flights", "rows.parquet")
    replay(args.python, work, ":memory:", [f"copy ({rows_of_duckdb(args.rows)}) to '{path}'"])
    local = new_project(work / "local", f"{{name: t, path: '{path}'}}")
    remote = new_project(work / "remote", "{name: t, path: rows.parquet}", connection="lake")
    read = [*attached(args, "httpfs"), "create table t as select * from read_parquet('s3://flights/rows.parquet')"]
    transfer = curl_of(f"{os.environ['AWS_ENDPOINT_URL']}/flights/rows.parquet")
    contenders = [
        Contender("sqlflow load, the file itself", removing(local / DATABASE), sqlflow(args, local, "load")),
        Contender("curl of the object", nothing, lambda: measured(transfer, work), "S3_PID"),
        Contender("DuckDB's httpfs", removing(remote / OTHER), duckdb(args, remote, read), "S3_PID"),
        Contender("sqlflow load", removing(remote / DATABASE), sqlflow(args, remote, "load"), "S3_PID"),
    ]
    costs = taken(contenders, args.runs)
    both = [Cost(*map(sum, zip(one.cost, other.cost))) for one, other in zip(costs[0], costs[1])]
    peers = [both, [turn.cost for turn in costs[2]]]
    what = f"{args.rows:,} rows, {path.stat().st_size >> 20} MiB"
    table(head("file + curl", "httpfs"), [row(what, one, turns, peers) for one, turns in zip(contenders, costs)])
    require_same_rows(args.python, remote)
    path.unlink()
    say(SERVER_IS_BESIDE)


def compare_writes(args: argparse.Namespace, work: Path) -> None:
    """A table of a database file into a new table of PostgreSQL."""
    heading("DuckDB table to PostgreSQL table")
    project = exporting(args, work / "write", "connection: database, table: ours")
    written = [*attached(args, "postgres"), "create table pg.public.theirs as select * from t"]
    contenders = [
        Contender("DuckDB's extension", dropping("theirs"), duckdb(args, project, written, DATABASE)),
        Contender("sqlflow export", dropping("ours"), sqlflow(args, project, "export")),
    ]
    costs = taken(contenders, args.runs)
    peers = [[turn.cost for turn in costs[0]]]
    rows = [row(f"{args.rows:,} rows", one, turns, peers) for one, turns in zip(contenders, costs)]
    require_same_sums("ours", "theirs")
    psql("drop table ours", "drop table theirs")
    table(head("extension"), rows)
    say(SERVER_IS_BESIDE)


def compare_s3_writes(args: argparse.Namespace, work: Path) -> None:
    """A table of a database file into a Parquet object."""
    heading("DuckDB table to Parquet in S3")
    remote = exporting(args, work / "put", "connection: lake, path: ours.parquet")
    local = exporting(args, work / "file", "path: ours.parquet")
    written = [*attached(args, "httpfs"), "copy t to 's3://flights/theirs.parquet' (format parquet, compression zstd)"]
    bucket = Path(os.environ["S3_FOLDER"], "flights")
    contenders = [
        Contender("sqlflow export, to a file", removing(local / "ours.parquet"), sqlflow(args, local, "export")),
        Contender("DuckDB's httpfs", nothing, duckdb(args, remote, written, DATABASE), "S3_PID"),
        Contender("sqlflow export", removing(bucket / "ours.parquet"), sqlflow(args, remote, "export"), "S3_PID"),
    ]
    costs = taken(contenders, args.runs)
    peers = [[turn.cost for turn in costs[0]], [turn.cost for turn in costs[1]]]
    rows = [row(f"{args.rows:,} rows", one, turns, peers) for one, turns in zip(contenders, costs)]
    table(head("file", "httpfs"), rows)
    say(SERVER_IS_BESIDE)


PARTS: Dict[str, Callable[[argparse.Namespace, Path], None]] = {
    "read": compare_reads,
    "s3-read": compare_s3_reads,
    "write": compare_writes,
    "s3-write": compare_s3_writes,
}


# Turns


class Turn(NamedTuple):
    """What one run used, and what its server used meanwhile, in seconds."""

    cost: Cost
    server: float


def taken(contenders: List[Contender], runs: int) -> List[List[Turn]]:
    """Every contender once a turn, every other turn from the last to the first."""
    turns: List[List[Turn]] = [[] for _ in contenders]
    for turn in range(runs):
        order = list(enumerate(contenders))
        for at, contender in order if turn % 2 == 0 else reversed(order):
            contender.prepare()
            # What the system has yet to write would be written while the next command is measured.
            os.sync()
            before = cpu_of(contender.server)
            cost = contender.run()
            turns[at].append(Turn(cost, cpu_of(contender.server) - before))
            note(f"  {contender.name}: {cost.wall:.2f} s, peak {cost.peak:.0f} MiB")
    return turns


def compared(what: str, contenders: List[Contender], runs: int) -> List[List[str]]:
    """Rows with the ratios to the first two."""
    costs = taken(contenders, runs)
    peers = [[turn.cost for turn in turns] for turns in costs[:2]]
    return [row(what, contender, turns, peers) for contender, turns in zip(contenders, costs)]


def cpu_of(variable: str) -> float:
    """Seconds that a server used until now, with the sessions of it that have ended."""
    time.sleep(0.2)  # The last one may still be ending.
    try:
        fields = Path("/proc", os.environ[variable], "stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def head(*peers: str) -> List[str]:
    ratios = [f"{field} × {peer}" for peer in peers for field in ("wall", "CPU")]
    return ["data", "what", "runs", "user s", "system s", "wall s", "server CPU s", "peak MiB", *ratios]


def row(what: str, contender: Contender, turns: List[Turn], peers: List[List[Cost]]) -> List[str]:
    costs = [turn.cost for turn in turns]
    cost = median(costs)
    server = sorted(turn.server for turn in turns)[len(turns) // 2]
    highest = max(one.peak for one in costs)
    ratios = [ratio_of(costs, peer, field) for peer in peers for field in ("wall", "cpu")]
    return [what, contender.name, str(len(turns)), *seconds(cost), f"{server:.2f}", f"{highest:.0f}", *ratios]


SERVER_IS_BESIDE = (
    "Ratios are medians of the ratios of one turn; CPU is user and system time of the command, without its server's,"
    " which has a column of its own. Peaks are the highest of all runs; those of DuckDB and dlt hold Python."
)


# Contenders


def nothing() -> None:
    """Nothing is in the way."""


def removing(*paths: Path) -> Callable[[], None]:
    return lambda: remove(*paths)


def dropping(name: str) -> Callable[[], None]:
    return lambda: psql(f"drop table if exists {name}", "checkpoint")


def sqlflow(args: argparse.Namespace, project: Path, verb: str) -> Callable[[], Cost]:
    return lambda: measured([args.sqlflow, verb, "--project-dir", str(project), "--quiet"], project)


def duckdb(
    args: argparse.Namespace, project: Path, statements: List[str], database: str = OTHER
) -> Callable[[], Cost]:
    return lambda: replay(args.python, project, database, statements)


def dlt(args: argparse.Namespace, project: Path, name: str, backend: str) -> Contender:
    script = (HERE / "read_with_dlt.py").read_text()
    database = project / f"{backend}.duckdb"

    def run() -> Cost:
        words = [name, str(project / "dlt"), str(database), backend]
        user, system, wall, maxrss = ask(args.dlt, script, project, *words)
        ours, theirs = ask(args.python, COUNT, project, DATABASE), ask(args.python, COUNT, project, str(database))
        if ours != theirs:
            raise Failed(f"sqlflow made {ours} rows, dlt {theirs}")
        return Cost(user, system, wall, mebibytes(maxrss))

    return Contender(f"dlt, {backend}", removing(project / "dlt", database), run)


def psql_of(*statements: str) -> List[str]:
    words = [word for statement in statements for word in ("--command", statement)]
    return ["psql", "--no-psqlrc", "--quiet", "--output", os.devnull, "--set", "ON_ERROR_STOP=1", *words]


def psql(*statements: str) -> None:
    done = subprocess.run(psql_of(*statements), stderr=subprocess.PIPE, universal_newlines=True)
    if done.returncode != 0:
        raise Failed(done.stderr)


def curl_of(url: str) -> List[str]:
    user = f"{os.environ['AWS_ACCESS_KEY_ID']}:{os.environ['AWS_SECRET_ACCESS_KEY']}"
    signed = ["--aws-sigv4", f"aws:amz:{os.environ['AWS_REGION']}:s3", "--user", user]
    signed += ["--header", "x-amz-content-sha256: UNSIGNED-PAYLOAD"]
    return ["curl", "--silent", "--show-error", "--fail", *signed, "--output", os.devnull, url]


EXTENSION = """
import importlib, json, pathlib, sys
package = importlib.import_module(f"duckdb_extension_{sys.argv[1]}")
folder = pathlib.Path(package.__file__).parent
print(json.dumps(str(next(folder.glob("extensions/*/*.duckdb_extension")))))
"""


def attached(args: argparse.Namespace, system: str) -> List[str]:
    """Statements that load DuckDB's extension and connect it as sqlflow is connected."""
    package = {"postgres": "postgres_scanner", "httpfs": "httpfs"}[system]
    load = f"load '{ask(args.python, EXTENSION, HERE, package)}'"
    if system == "postgres":
        return [load, "attach '' as pg (type postgres)"]
    variables = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_ENDPOINT_URL")
    key, secret, region, endpoint = (os.environ[name] for name in variables)
    secret = (
        f"create secret (type s3, key_id '{key}', secret '{secret}', region '{region}',"
        f" endpoint '{endpoint.replace('http://', '')}', url_style 'path', use_ssl false)"
    )
    return [load, secret]


# Data: integers, decimals, timestamps, short text; the same in both systems


def rows_of_postgres(rows: int) -> str:
    return f"""
        select i as id, cast(i * 7919 % 1000003 as integer) as customer,
            cast(i * 48271 % 1000000 / 100.0 as decimal(12, 2)) as amount,
            timestamp '2020-01-01' + make_interval(secs => i % 100000000) as at,
            'order ' || i % 5000 as note
        from generate_series(cast(1 as bigint), {rows}) as numbers(i)
    """


def rows_of_duckdb(rows: int) -> str:
    return f"""
        select i as id, cast(i * 7919 % 1000003 as integer) as customer,
            cast(i * 48271 % 1000000 / 100.0 as decimal(12, 2)) as amount,
            timestamp '2020-01-01' + to_seconds(i % 100000000) as at,
            'order ' || i % 5000 as note
        from range(1, {rows} + 1) as numbers(i)
    """


PROFILES = """
bench:
  target: dev
  outputs:
    dev: {type: duckdb, path: THE_FILE}
  connections:
    database:
      type: postgres
      host: "{{ env_var('PGHOST') }}"
      port: "{{ env_var('PGPORT') }}"
      user: "{{ env_var('PGUSER') }}"
      password: "{{ env_var('PGPASSWORD') }}"
      dbname: "{{ env_var('PGDATABASE') }}"
    lake: {type: s3, endpoint: "{{ env_var('AWS_ENDPOINT_URL') }}", bucket: flights}
"""


def new_project(project: Path, source: str, connection: str = "") -> Path:
    shutil.rmtree(project, ignore_errors=True)
    (project / "sources").mkdir(parents=True)
    (project / "sqlflow.yml").write_text("name: bench\n")
    (project / "profiles.yml").write_text(PROFILES.replace("THE_FILE", DATABASE))
    by = f"    connection: {connection}\n" if connection else ""
    by += "    schema: public\n" if connection == "database" else ""
    (project / "sources" / "raw.yml").write_text(f"sources:\n  - name: raw\n{by}    tables: [{source}]\n")
    return project


def exporting(args: argparse.Namespace, project: Path, to: str) -> Path:
    """A project whose database has the table `t`, and which exports that."""
    new_project(project, "{name: t}")
    (project / "sources" / "raw.yml").write_text("sources: [{name: raw, schema: main, tables: [{name: t}]}]\n")
    (project / "exports").mkdir()
    (project / "exports" / "out.yml").write_text(f"exports: [{{name: out, from: \"source('raw', 't')\", {to}}}]\n")
    replay(args.python, project, DATABASE, [f"create table t as {rows_of_duckdb(args.rows)}"])
    return project


def require_same_rows(python: str, project: Path) -> None:
    """A figure counts only if both made the same table."""
    ours, theirs = ask(python, SUMS, project, DATABASE, "raw.t"), ask(python, SUMS, project, OTHER, "t")
    if ours != theirs or not ours[0]:
        raise Failed(f"{project.name}: sqlflow made {ours[0]} rows, DuckDB {theirs[0]}, or other values")


def require_same_sums(ours: str, theirs: str) -> None:
    sums = "select count(*), sum(id), sum(customer), sum(amount), max(at), sum(length(note)) from"
    found = [output_of(["psql", "-XAtc", f"{sums} {name}"]) for name in (ours, theirs)]
    if found[0] != found[1] or found[0].startswith("0|"):
        raise Failed(f"sqlflow wrote {found[0]}, DuckDB {found[1]}")


# What is printed


def print_setting(args: argparse.Namespace) -> None:
    say(
        f"{datetime.date.today()} · {processor()}, {os.cpu_count()} cores, {memory()} · {platform.system()}"
        f" {platform.release()} · {output_of([args.sqlflow, '--version'])} · {output_of(['postgres', '--version'])}",
        "Medians of runs that take turns; every run is a new process, the servers are on the same machine.",
    )


def fail(message: str) -> str:
    raise Failed(message)


if __name__ == "__main__":
    main()
