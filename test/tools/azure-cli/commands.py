"""Runs commands of the Azure CLI one after the other in one process, which saves a second for each: what the CLI spends on
loading itself. Everything else is as on a command line: the same parser, requests, output and exit codes.

Reads one JSON array of words a line, and answers each with a line: {"code": 0, "stdout": "...", "stderr": "..."}.
"""

import json
import os
import sys
import tempfile

from azure.cli.core import get_default_cli


def exit_code_of(words):
    """The exit code as `python -m azure.cli` would end."""
    try:
        return get_default_cli().invoke(words) or 0
    except SystemExit as ended:
        if ended.code is None or isinstance(ended.code, int):
            return ended.code or 0
        print(ended.code, file=sys.stderr)
        return 1


def run(words):
    """Runs a command with what it writes caught below Python, as the CLI keeps the streams that it was started with."""
    kept = os.dup(1), os.dup(2)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        os.dup2(out.fileno(), 1)
        os.dup2(err.fileno(), 2)
        try:
            code = exit_code_of(words)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for stream, descriptor in zip(kept, (1, 2)):
                os.dup2(stream, descriptor)
                os.close(stream)
        out.seek(0)
        err.seek(0)
        return {"code": code, "stdout": out.read().decode(), "stderr": err.read().decode()}


def main():
    answers = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
    questions = os.fdopen(os.dup(0), "r", encoding="utf-8")
    # No command may wait for somebody to type.
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for line in questions:
        answers.write(json.dumps(run(json.loads(line))) + "\n")


main()
