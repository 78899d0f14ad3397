#!/usr/bin/env python3
"""Finds in coroutines what GCC 12 compiles wrongly, without a warning (docs/LOG.md, 2026-11-28).

1. `co_await` in the condition of if, while, do, for or switch, in a function with a parameter or in a member: the coroutine does not run,
   or jumps to an illegal instruction.
2. A lambda with captures, or a braced list, in an expression with `co_await`: what it holds is destroyed twice.

Both are cured by a name: `const bool goes_on = co_await f();`, `auto job = [x] { ... }; co_await f(std::move(job));`.

    tools/check_coroutines.py [SOURCE_FOLDER]     prints "file:line: what; rule", exits 1 if there is any
"""

import re
import sys
from pathlib import Path

CONDITION = re.compile(r"\b(if|while|for|switch)\s*(?:constexpr\s*)?\(")
AWAIT = re.compile(r"\bco_await\b")
CAPTURES = re.compile(r"\[[^\[\]]*[\w&=][^\[\]]*\]\s*(?:\(|\{|mutable\b)")
BRACED = re.compile(r"[(,]\s*\{\s*[^}\s]")
NOT_CODE = re.compile(r'//[^\n]*|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'')


def without_comments(text: str) -> str:
    """Comments and texts as blanks, so that places stay what they are."""
    return NOT_CODE.sub(lambda found: " " * len(found[0]), text)


def parts(text: str, start: int, end: str) -> tuple[list[str], int]:
    """What stands from `start` up to `end` outside of any bracket, split at the semicolons there; and where it ends."""
    depth, begin, found = 0, start, []
    for place in range(start, len(text)):
        letter = text[place]
        if depth == 0 and letter == end:
            return [*found, text[begin:place]], place
        if depth == 0 and letter == ";":
            found.append(text[begin:place])
            begin = place + 1
        depth += (letter in "([{") - (letter in ")]}")
    return [*found, text[begin:]], len(text)


def errors_in(text: str) -> list[tuple[int, str]]:
    code, errors = without_comments(text), []
    for found in CONDITION.finditer(code):
        pieces, _ = parts(code, found.end(), ")")
        condition = pieces[1] if found[1] == "for" and len(pieces) > 1 else pieces[-1]
        if AWAIT.search(condition):
            errors.append((found.start(), f"co_await in the condition of {found[1]}; name its result before"))
    for found in AWAIT.finditer(code):
        (expression, *_), _ = parts(code, found.end(), ";")
        if CAPTURES.search(expression):
            errors.append((found.start(), "a lambda with captures beside co_await; name it before"))
        elif BRACED.search(expression):
            errors.append((found.start(), "a braced list beside co_await; name what it makes before"))
    return [(code.count("\n", 0, place) + 1, what) for place, what in sorted(errors)]


def main(arguments: list[str]) -> int:
    source = Path(arguments[0]) if arguments else Path(__file__).resolve().parent.parent / "src"
    files = [file for kind in ("*.h", "*.cc") for file in sorted(source.rglob(kind)) if "co_await" in file.read_text()]
    errors = [f"{file}:{line}: {what}" for file in files for line, what in errors_in(file.read_text())]
    print(*errors, f"{len(files)} files with coroutines: {len(errors)} errors", sep="\n")
    return 1 if errors or not files else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
