"""What the parts of the benchmark share: running a process and asking for its cost, and printing."""
import argparse
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import List, NamedTuple, Optional

DUCKDB_VERSION = "1.5.5"


class Cost(NamedTuple):
    """What one process used: seconds, and MiB at its peak."""

    user: float
    system: float
    wall: float
    peak: float

    @property
    def cpu(self) -> float:
        return self.user + self.system


class Failed(Exception):
    """A command did not end well."""


# Running


def executable(name: str) -> Optional[str]:
    found = shutil.which(name)
    return os.path.abspath(found) if found else None


def measured(command: List[str], directory: Path) -> Cost:
    """Runs a command to its end. The peak is never below that of this script, some 15 MiB."""
    environment = dict(os.environ, DBT_SEND_ANONYMOUS_USAGE_STATS="false")
    with tempfile.TemporaryFile() as output:
        begin = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=directory, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begin
        process.returncode = os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)
        if process.returncode != 0:
            output.seek(0)
            told = output.read().decode(errors="replace")[-2000:]
            raise Failed(f"`{' '.join(command)}` ended with {process.returncode}:\n{told}")
    cost = Cost(usage.ru_utime, usage.ru_stime, wall, mebibytes(usage.ru_maxrss))
    note(f"{Path(command[0]).name} {command[1]} in {directory.name}: {cost.user:.3f} s user")
    return cost


def mebibytes(maxrss: int) -> float:
    """Linux counts in KiB, macOS in bytes."""
    return maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def fresh_copy(project: Path, to: Path) -> Path:
    put_aside(to)
    shutil.copytree(project, to)
    return to


def put_aside(path: Path) -> None:
    if path.exists():
        aside = tempfile.mkdtemp(prefix=".aside-", dir=path.parent)
        path.rename(Path(aside) / path.name)


REPLAY = """
import json, os, resource, sys, time
import duckdb
statements = json.load(sys.stdin)
def used():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return [usage.ru_utime, usage.ru_stime, time.perf_counter()]
begin = used()
connection = duckdb.connect(sys.argv[1])
for statement in statements:
    connection.execute(statement).fetchall()
connection.close()
end = used()
json.dump([b - a for a, b in zip(begin, end)] + [resource.getrusage(resource.RUSAGE_SELF).ru_maxrss], sys.stdout)
"""

def replay(python: str, directory: Path, database: str, statements: List[str]) -> Cost:
    """The statements, one after another, in one connection of DuckDB."""
    user, system, wall, maxrss = ask(python, REPLAY, directory, database, text=json.dumps(statements))
    note(f"duckdb alone in {directory.name}: {user:.3f} s user")
    return Cost(user, system, wall, mebibytes(maxrss))


def ask(python: str, script: str, directory: Path, *words: str, text: str = ""):
    """What a script for another python answers: JSON on the last line that it prints."""
    done = subprocess.run(
        [python, "-c", script, *words], cwd=directory, input=text, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        universal_newlines=True,
    )
    if done.returncode != 0:
        raise Failed(f"{python}, in {directory}:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def duckdb_python(args: argparse.Namespace) -> Optional[str]:
    """The first python at hand with the version that sqlflow embeds."""
    beside_dbt = [str(Path(args.dbt).parent / "python")] if args.dbt else []
    of_dlt = [args.dlt] if args.dlt else []
    wanted = [args.duckdb_python] if args.duckdb_python else [sys.executable] + beside_dbt + of_dlt
    for python in wanted:
        try:
            version = output_of([python, "-c", "import duckdb; print(duckdb.__version__)"])
        except (OSError, subprocess.CalledProcessError):
            continue
        if version == DUCKDB_VERSION:
            return python
    if args.duckdb_python:
        raise Failed(f"`{args.duckdb_python}` has no duckdb {DUCKDB_VERSION}")
    return None


def output_of(command: List[str]) -> str:
    return subprocess.run(
        command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, universal_newlines=True
    ).stdout.strip()


# What is printed


def processor() -> str:
    try:
        found = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
        return found.group(1) if found else platform.machine()
    except OSError:
        return platform.processor() or platform.machine()


def memory() -> str:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return f"{total / (1 << 30):.0f} GiB"


def median(costs: List[Cost]) -> Cost:
    return Cost(*(statistics.median(column) for column in zip(*costs)))


def seconds(cost: Cost) -> List[str]:
    return [f"{value:.3f}" for value in (cost.user, cost.system, cost.wall)]


def ratio(one: float, other: float) -> str:
    return f"{one / other:.2f}×" if other else "?×"


def heading(text: str) -> None:
    say(f"### {text}")


def table(head: List[str], rows: List[List[str]]) -> None:
    lines = [head, ["---"] * len(head), *rows]
    print("\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n", flush=True)


def say(*paragraphs: str) -> None:
    for paragraph in paragraphs:
        print(paragraph + "\n", flush=True)


def note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
