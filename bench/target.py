#!/usr/bin/env python3
"""Measures PostgreSQL as the database that a project is built in, beside psql. See bench/README.md.

Starts the server itself (scripts/with-servers) and stops it. Prints markdown on stdout and progress on stderr.
"""
import argparse
import os
import re
import shutil
import statistics
import stat
import sys
import tempfile
from pathlib import Path
from typing import Callable, Dict, List

sys.dont_write_bytecode = True
from connectors import (
    HERE, POSTGRES_OPTIONS, SERVER_IS_BESIDE, Contender, head, print_setting, psql, psql_of, row, rows_of_duckdb, sqlflow,
    taken,
)
from measure import (
    Cost, Failed, duckdb_python, executable, heading, measured, median, output_of, replay, say, seconds, table,
)

PROFILES = """
bench:
  target: dev
  outputs:
    dev:
      type: postgres
      host: "{{ env_var('PGHOST') }}"
      port: "{{ env_var('PGPORT') }}"
      user: "{{ env_var('PGUSER') }}"
      password: "{{ env_var('PGPASSWORD') }}"
      dbname: "{{ env_var('PGDATABASE') }}"
      schema: built
      threads: THE_THREADS
"""


def main() -> None:
    args = arguments()
    if "POSTGRES_PID" not in os.environ:
        start_server()
    work = Path(args.work or tempfile.mkdtemp(prefix="sqlflow-bench-")).resolve()
    work.mkdir(parents=True, exist_ok=True)
    try:
        args.python = duckdb_python(args)
        if not args.python:
            raise Failed("no python with duckdb: `--duckdb-python`")
        print_setting(args)
        for part in args.only:
            PARTS[part](args, work)
    except Failed as failure:
        sys.exit(f"bench/target.py: {failure}")
    finally:
        if not args.work:
            shutil.rmtree(work, ignore_errors=True)


def arguments() -> argparse.Namespace:
    target = os.environ.get("CARGO_TARGET_DIR") or "target"
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sqlflow", default=f"{target}/release/sqlflow", help="the binary")
    parser.add_argument("--duckdb-python", help="a python with duckdb, which writes the file")
    parser.add_argument("--rows", type=int, default=10_000_000, help="of the file that is loaded")
    parser.add_argument("--file", action="append", default=[], help="a CSV file with a header to load too")
    parser.add_argument("--nodes", type=int, default=200, help="views, and tables, of the project that is built")
    parser.add_argument("--runs", type=int, default=5, help="turns; each contender runs once a turn")
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(PARTS), help=f"of {','.join(PARTS)}")
    parser.add_argument("--work", help="directory to work in, and keep; else a temporary one")
    parser.set_defaults(dbt=None, dlt=None)
    args = parser.parse_args()
    unknown = set(args.only) - set(PARTS)
    if unknown:
        parser.error(f"--only knows {', '.join(PARTS)}, not {', '.join(sorted(unknown))}")
    args.sqlflow = executable(args.sqlflow) or parser.error(f"`{args.sqlflow}`: no such program")
    return args


def start_server() -> None:
    """The same command again, in place of this one, beside a server. No store is needed."""
    store = Path(tempfile.mkdtemp(prefix="sqlflow-bench-"), "store")
    store.write_text(f"#!/bin/sh\nrm -r '{store.parent}'\necho http://127.0.0.1:1\nexec sleep 100000\n")
    store.chmod(store.stat().st_mode | stat.S_IXUSR)
    environment = dict(os.environ, S3_SERVER=str(store), POSTGRES_OPTIONS=POSTGRES_OPTIONS)
    servers = str(HERE.parent / "scripts" / "with-servers")
    os.execve(servers, [servers, sys.executable, __file__, *sys.argv[1:]], environment)


# What is compared


def compare_loads(args: argparse.Namespace, work: Path) -> None:
    """A CSV file into a fresh table."""
    heading("CSV file to PostgreSQL table")
    written = work / "rows.csv"
    replay(args.python, work, ":memory:", [f"copy ({rows_of_duckdb(args.rows)}) to '{written}' (header true)"])
    for file in [written, *(Path(name).resolve() for name in args.file)]:
        project = new_project(work / "load", threads=1)
        source = f"{{name: t, path: '{file}'}}"
        (project / "sources").mkdir()
        (project / "sources" / "raw.yml").write_text(f"sources: [{{name: raw, tables: [{source}]}}]\n")
        dropped = ("drop schema if exists raw cascade", "drop schema if exists _sqlflow cascade", "checkpoint")
        # The table of psql has the columns that sqlflow makes.
        sqlflow(args, project, "load")()
        psql("drop table if exists template", "create table template (like raw.t)")
        copy = psql_of("create table theirs (like template)", f"\\copy theirs from '{file}' with (format csv, header)")
        contenders = [
            Contender("psql \\copy", lambda: psql("drop table if exists theirs", "checkpoint"), lambda: measured(copy, project)),
            Contender("sqlflow load", lambda: psql(*dropped), sqlflow(args, project, "load")),
        ]
        costs = taken(contenders, args.runs)
        counts = [output_of(["psql", "-XAtc", f"select count(*) from {name}"]) for name in ("raw.t", "theirs")]
        if counts[0] != counts[1] or counts[0] == "0":
            raise Failed(f"sqlflow made {counts[0]} rows, psql {counts[1]}")
        peers = [[turn.cost for turn in costs[0]]]
        what = f"{int(counts[0]):,} rows, {file.stat().st_size >> 20} MiB"
        table(head("psql"), [row(what, one, turns, peers) for one, turns in zip(contenders, costs)])
        psql("drop table theirs", "drop table template", *dropped)
    say(SERVER_IS_BESIDE)


def compare_builds(args: argparse.Namespace, work: Path) -> None:
    """A project of trivial nodes, first into an empty schema and then over what is there."""
    heading("Build, beside the same statements by psql")
    rows = []
    for kind in ("view", "table"):
        project = new_project(work / f"build-{kind}", threads=1)
        (project / "models").mkdir()
        for number in range(args.nodes):
            text = f"{{{{ config(materialized='{kind}') }}}}\nselect {number} as id, 'n{number}' as name\n"
            (project / "models" / f"m{number:04}.sql").write_text(text)
        empty = lambda: psql("drop schema if exists built cascade", "checkpoint")
        made = lambda: psql("drop schema if exists built cascade", "create schema built", "checkpoint")
        build = sqlflow(args, project, "build")
        empty()
        build()
        script = project / "statements.sql"
        script.write_text("\n".join(statements(path) for path in sorted((project / "target" / "run").rglob("*.sql"))))
        replayed = lambda: measured([*psql_of(), "--file", str(script)], project)
        for what, ours_before, theirs_before in (("anew", empty, made), ("over what is there", nothing, nothing)):
            contenders = [Contender("psql", theirs_before, replayed), Contender("sqlflow build", ours_before, build)]
            costs = taken(contenders, args.runs)
            theirs, ours = ([turn.cost for turn in turns] for turns in costs)
            apart = [1000 * (one.wall - other.wall) / args.nodes for one, other in zip(ours, theirs)]
            for name, cost in (("psql", theirs), ("sqlflow", ours)):
                middle = median(cost)
                over = f"{statistics.median(apart):.2f}" if name == "sqlflow" else ""
                rows.append([f"{args.nodes} {kind}s, {what}", name, *seconds(middle), f"{middle.peak:.0f}", over])
    table(["project", "what", "user s", "system s", "wall s", "peak MiB", "ms a node beyond psql"], rows)
    psql("drop schema built cascade")
    say("One thread; the last column is the median of the differences of one turn, with the start of both programs.")


PARTS: Dict[str, Callable[[argparse.Namespace, Path], None]] = {"load": compare_loads, "build": compare_builds}


def nothing() -> None:
    """Nothing is in the way."""


def new_project(project: Path, threads: int) -> Path:
    shutil.rmtree(project, ignore_errors=True)
    project.mkdir(parents=True)
    (project / "sqlflow.yml").write_text("name: bench\n")
    (project / "profiles.yml").write_text(PROFILES.replace("THE_THREADS", str(threads)))
    return project


def statements(path: Path) -> str:
    """The statements of a node that are always executed; its transaction is one of psql's too."""
    found = re.split(r"^-- (stage|publish|query)(?: when: (.*))?$", path.read_text(), flags=re.MULTILINE)
    text = ""
    for stage, condition, body in zip(found[1::3], found[2::3], found[3::3]):
        if not condition or "made anew" in condition:
            text += f"begin;\n{body}\ncommit;\n" if stage == "publish" else body
    return text


if __name__ == "__main__":
    main()
