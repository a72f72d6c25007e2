"""Writes what Python's Jinja2 makes of each template in tests/it/template/jinja2_corpus.txt into that file.

    python tests/it/template/compare_jinja2.py            # needs jinja2; rewrites the expected outputs in place
    cargo test --test jinja2                  # compares ours with them

A case is a template, a line `=>` and the output; `!error` stands for any error. Cases are separated by `----`.
A template that Jinja2 prints nothing for but we refuse on purpose (an undefined value) is marked `!undefined`
by hand in place of the output, and is left alone here.
"""

import pathlib

import jinja2
import jinja2.sandbox

PATH = pathlib.Path(__file__).with_name("jinja2_corpus.txt")
ENVIRONMENT = jinja2.sandbox.SandboxedEnvironment(
    extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"]
)


def output(template: str) -> str:
    try:
        return ENVIRONMENT.from_string(template).render()
    except Exception:  # noqa: BLE001 - any error is an error
        return "!error"


def main() -> None:
    cases = PATH.read_text().split("\n----\n")
    written = []
    for case in cases:
        template, _, expected = case.partition("\n=>\n")
        if expected.strip() != "!undefined":
            expected = output(template)
        written.append(f"{template}\n=>\n{expected}")
    PATH.write_text("\n----\n".join(written))


if __name__ == "__main__":
    main()
