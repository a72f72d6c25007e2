#!/usr/bin/env python3
"""Measures `sqlflow check` beside DuckDB binding the same queries in one connection. See bench/README.md."""
import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
from measure import Failed, duckdb_python, measured, table

HERE = Path(__file__).parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sqlflow", required=True, help="the binary, release profile")
    parser.add_argument("--duckdb-python", help="a python with duckdb")
    parser.set_defaults(dbt=None, dlt=None)
    parser.add_argument("--sizes", type=lambda text: [int(size) for size in text.split(",")], default=[1000, 5000])
    parser.add_argument("--runs", type=int, default=5, help="turns; each contender runs once a turn")
    args = parser.parse_args()
    python = duckdb_python(args)
    if not python:
        raise Failed("no python with duckdb: `--duckdb-python`")
    rows = []
    with tempfile.TemporaryDirectory() as work:
        for size in args.sizes:
            rows += compared(args, python, Path(work) / f"p{size}", size)
    head = ["models", "what", "wall s", "CPU s", "peak MiB", "wall × DuckDB", "CPU × DuckDB"]
    table(head, rows)


def compared(args, python: str, project: Path, size: int):
    subprocess.run([sys.executable, HERE / "gen_project.py", project, str(size)], check=True)
    measured([args.sqlflow, "compile"], project)
    turns = []
    for _ in range(args.runs):
        check = measured([args.sqlflow, "check"], project)
        without = measured([args.sqlflow, "parse"], project)
        measured([args.sqlflow, "compile"], project)
        bind = [python, HERE / "bind_statements.py", project / "target/manifest.json", project]
        wall, cpu = subprocess.run(bind, check=True, capture_output=True, text=True).stdout.split()
        turns.append((check, without, float(wall), float(cpu)))
    median = statistics.median
    ratio = lambda of, by: f"{median(of(turn) / by(turn) for turn in turns):.2f}"
    wall, cpu = (lambda turn: turn[2]), (lambda turn: turn[3])
    theirs = [f"{median(map(wall, turns)):.3f}", f"{median(map(cpu, turns)):.3f}"]
    whole = [f"{median(turn[0].wall for turn in turns):.3f}", f"{median(turn[0].cpu for turn in turns):.3f}"]
    beyond = lambda turn: turn[0].wall - turn[1].wall
    return [
        [f"{size:,}", "DuckDB binds", *theirs, "", "1.00", "1.00"],
        [f"{size:,}", "sqlflow check", *whole, f"{max(turn[0].peak for turn in turns):.0f}",
         ratio(lambda turn: turn[0].wall, wall), ratio(lambda turn: turn[0].cpu, cpu)],
        [f"{size:,}", "… beyond sqlflow parse", f"{median(map(beyond, turns)):.3f}", "", "", ratio(beyond, wall), ""],
    ]


if __name__ == "__main__":
    try:
        main()
    except Failed as failure:
        sys.exit(f"bench/check.py: {failure}")
