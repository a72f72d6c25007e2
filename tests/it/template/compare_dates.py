"""Writes what Python makes of each template in tests/it/template/dates_corpus.txt into that file.

    python tests/it/template/compare_dates.py            # needs jinja2 and pytz

The clock stands at 2024-03-01T00:00:00Z and the machine's own zone is UTC, as in the fixture of the tests.
"""

import datetime
import os
import pathlib
import time
import types

os.environ["TZ"] = "UTC"
time.tzset()

import jinja2.sandbox  # noqa: E402
import pytz  # noqa: E402

PATH = pathlib.Path(__file__).with_name("dates_corpus.txt")
ENVIRONMENT = jinja2.sandbox.SandboxedEnvironment(extensions=["jinja2.ext.do"])
CONTEXT = {
    "modules": types.SimpleNamespace(datetime=datetime, pytz=pytz),
    "run_started_at": datetime.datetime(2024, 2, 29, 12, 34, 56, 789000, tzinfo=pytz.utc),
    "set": set,
}


def output(template: str) -> str:
    try:
        return ENVIRONMENT.from_string(template).render(CONTEXT)
    except Exception:  # noqa: BLE001 - any error is an error
        return "!error"


def main() -> None:
    cases = [case for case in PATH.read_text().split("\n----\n") if case.strip()]
    templates = [case.split("\n=>\n")[0] for case in cases]
    PATH.write_text("".join(f"{t}\n=>\n{output(t)}\n----\n" for t in templates))


if __name__ == "__main__":
    main()
