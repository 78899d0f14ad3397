"""Where studies lie: the stores that `import` and `export` name, opened as Optuna storages."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence

import optuna
import sqlalchemy
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend

from pegbox.errors import Conflict, InvalidInput, NotFound, Unsupported

EXPECTED = "optuna-sqlite:FILE, optuna-journal:FILE, postgresql://... or another URL of SQLAlchemy"

_SQLITE_MARK = b"SQLite format 3\x00"


def open_place(place: str, *, is_source: bool) -> BaseStorage:
    """The storage that a text names. A source has to be there; a bare file name may then stand for it."""
    scheme, _, rest = place.partition(":")
    if scheme == "optuna-sqlite" and rest:
        return RDBStorage("sqlite:///" + _file(rest, is_source))
    if scheme == "optuna-journal" and rest:
        return JournalStorage(JournalFileBackend(_file(rest, is_source)))
    if "://" in place:
        return _database(place)
    if is_source:
        return open_place(f"optuna-{_kind_of(_file(place, is_source))}:{place}", is_source=True)
    raise InvalidInput(f"[export] where to?; got {place!r}; expected {EXPECTED}")


def copy_study(source: BaseStorage, name: str, target: BaseStorage, new_name: str | None = None) -> int:
    """A study with its trials, as they are, in another storage: whole, or not at all. The number of its trials.

    NotFound: the source has none of this name. Conflict: the target has one already.
    """
    try:
        study_id = source.get_study_id_from_name(name)
    except KeyError:
        raise NotFound(f"[{name}] there is no such study; there are {_listed(names_in(source))}") from None
    try:
        copied = target.create_new_study(source.get_study_directions(study_id), new_name or name)
    except optuna.exceptions.DuplicatedStudyError:
        raise Conflict(f"[{new_name or name}] a study of this name is there already; another name is given by --as") from None
    try:
        return _fill(source, study_id, target, copied)
    except BaseException:  # Ctrl-C too: a part would pass for the whole, and be in the way of the next try
        target.delete_study(copied)
        raise


def _fill(source: BaseStorage, study_id: int, target: BaseStorage, copied: int) -> int:
    for key, value in source.get_study_user_attrs(study_id).items():
        target.set_study_user_attr(copied, key, value)
    for key, value in source.get_study_system_attrs(study_id).items():
        target.set_study_system_attr(copied, key, value)
    trials = source.get_all_trials(study_id, deepcopy=False)
    for trial in trials:
        target.create_new_trial(copied, trial)
    return len(trials)


def _database(url: str) -> BaseStorage:
    shown = url
    try:
        shown = sqlalchemy.make_url(url).render_as_string(hide_password=True)
        return RDBStorage(url)
    except ImportError as missing:
        raise Unsupported(
            f"[{shown}] SQLAlchemy has no driver for this database; got no module {missing.name}; `pip install {missing.name}`, "
            "or name another in the URL (postgresql+psycopg2://...)"
        ) from None
    except sqlalchemy.exc.NoSuchModuleError:
        raise InvalidInput(f"[{shown}] not a database that SQLAlchemy knows; expected {EXPECTED}") from None


def names_in(storage: BaseStorage) -> list[str]:
    return [study.study_name for study in storage.get_all_studies()]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:20]) + (", ..." if len(names) > 20 else "") if names else "none"


def _file(path: str, is_source: bool) -> str:
    if is_source and not os.path.isfile(path):
        raise NotFound(f"[{path}] there is no such file")
    return path


def _kind_of(path: str) -> str:
    """By its beginning."""
    with open(path, "rb") as file:
        if file.read(len(_SQLITE_MARK)) == _SQLITE_MARK:
            return "sqlite"
        file.seek(0)
        try:
            first = json.loads(file.readline())
        except ValueError:
            first = None
    if isinstance(first, dict) and "op_code" in first:
        return "journal"
    raise InvalidInput(f"[{path}] not a storage of Optuna; expected an SQLite file or a journal, that is {EXPECTED}")
