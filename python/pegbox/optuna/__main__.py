"""Moves studies between a pegbox store and Optuna's storages; `pegbox import` and `pegbox export` call it.

    python -m pegbox.optuna import FILE|URL [--study NAME] [--as NAME] [--store STORE]
    python -m pegbox.optuna export NAME --to optuna-sqlite:FILE|optuna-journal:FILE|URL [--as NAME] [--store STORE]

Optuna itself reads and writes its formats, whatever version of them the installed one knows.
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings

import optuna
import sqlalchemy

from pegbox.errors import Conflict, Error, NotFound
from pegbox.optuna.places import EXPECTED, copy_study, names_in, open_place
from pegbox.optuna.storage import PegboxStorage


def main(arguments: list[str]) -> int:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
    given = _parser().parse_args(arguments)
    try:
        lines = _import(given) if given.command == "import" else _export(given)
    except (Error, RuntimeError, OSError) as error:
        print(f"{given.command}: {error}", file=sys.stderr)
        return 2
    except sqlalchemy.exc.SQLAlchemyError as error:  # its other lines are the statement and a link
        place = given.source if given.command == "import" else given.to
        print(f"{given.command}: [{place}] {str(error).splitlines()[0]}", file=sys.stderr)
        return 2
    print("\n".join(lines))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("pegbox.optuna", description="Optuna's studies into pegbox's store, and out of it.")
    commands = parser.add_subparsers(dest="command", required=True)
    reads = commands.add_parser("import")
    reads.add_argument("source", help=f"a file, or {EXPECTED}")
    reads.add_argument("--study", help="one of its studies; all, if not given")
    writes = commands.add_parser("export")
    writes.add_argument("study")
    writes.add_argument("--to", required=True, help=EXPECTED)
    for command in (reads, writes):
        command.add_argument("--as", dest="new_name", help="the study's name in the target")
        command.add_argument("--store", default=os.environ.get("PEGBOX_STORE") or "sqlite:pegbox.db", help="pegbox's store")
    return parser


def _import(given: argparse.Namespace) -> list[str]:
    source = open_place(given.source, is_source=True)
    names = [given.study] if given.study is not None else names_in(source)
    if not names:
        raise NotFound(f"[{given.source}] it holds no study")
    if given.new_name is not None and len(names) > 1:
        raise Conflict(f"[{given.source}] {len(names)} studies cannot have one name; say which by --study")
    target = PegboxStorage(given.store)
    return [_copied(source, name, target, given.new_name) for name in names]


def _export(given: argparse.Namespace) -> list[str]:
    return [_copied(PegboxStorage(given.store), given.study, open_place(given.to, is_source=False), given.new_name)]


def _copied(source: optuna.storages.BaseStorage, name: str, target: optuna.storages.BaseStorage, new_name: str | None) -> str:
    count = copy_study(source, name, target, new_name)
    return f"{new_name or name}: {count} trials"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
