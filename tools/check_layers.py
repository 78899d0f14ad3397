#!/usr/bin/env python3
"""Checks src/LAYERS: every #include goes to a room or library that the file's room may use; files are not too long.

A file belongs to the deepest room of LAYERS that holds its folder (src/train/model/x.cc -> train; python/bindings, beside src, is a room as well). It may include its own
room, the rooms listed, the libraries listed, and the headers of the standard library and of POSIX or Linux. Tests (x_test.cc,
x_test_kit.h) may add GoogleTest, and those below search/ the rooms search/*, whose parts they run together.

    tools/check_layers.py [SOURCE_FOLDER]     prints "file:line: what; rule", exits 1 if there is any
"""

import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

MAX_LINES, MAX_TEST_LINES, HEADER_LINES = 500, 800, 150
TEST_LIBRARIES = ["gtest", "gmock"]
BINDINGS = "python"  # the folder beside src whose rooms include from itself and from src
SEARCH_ROOMS = ["search", "search/stores", "search/executors", "search/samplers", "search/schedulers"]

# Headers without a folder that are neither a library's nor standard C++ (which have no dot): C, POSIX and Linux.
SYSTEM_HEADERS = set(
    """aio.h arpa/inet.h assert.h cpuid.h ctype.h dirent.h dlfcn.h elf.h endian.h errno.h execinfo.h fcntl.h fenv.h float.h
    getopt.h glob.h grp.h ifaddrs.h immintrin.h inttypes.h langinfo.h limits.h link.h locale.h malloc.h math.h netdb.h
    nmmintrin.h poll.h pthread.h pty.h pwd.h sched.h semaphore.h setjmp.h signal.h spawn.h stdarg.h stdbool.h stddef.h stdint.h
    stdio.h stdlib.h string.h strings.h syslog.h termios.h time.h ucontext.h unistd.h utime.h wchar.h x86intrin.h""".split()
)
SYSTEM_FOLDERS = ("sys/", "linux/", "netinet/", "net/", "asm/")
STANDARD_HEADER = re.compile(r"[a-z_0-9]+")
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:<([^>]+)>|"([^"]+)")')


@dataclass
class Room:
    name: str
    rooms: list[str] = field(default_factory=list)
    libraries: list[str] = field(default_factory=list)


class BadLayers(Exception):
    """LAYERS itself is wrong."""


def read_layers(path: Path) -> dict[str, Room]:
    rooms: dict[str, Room] = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        line = line.split("#")[0].strip()
        if not line:
            continue
        match = re.fullmatch(r"([\w/]+):\s*([^|]*)\|(.*)", line)
        if not match:
            raise BadLayers(f'{path}:{number}: cannot read this line; expected "room: rooms | libraries"')
        name, lower, libraries = match[1], match[2].split(), match[3].split()
        if name in rooms:
            raise BadLayers(f'{path}:{number}: the room "{name}" is listed twice')
        for room in lower:
            if room not in rooms:
                raise BadLayers(f'{path}:{number}: "{name}" may include "{room}", which is not listed above it; rooms include downwards')
        rooms[name] = Room(name, lower, libraries)
    return rooms


def room_of(folder: str, rooms: dict[str, Room]) -> str | None:
    """The deepest room that is `folder` or holds it."""
    parts = folder.split("/")
    for count in range(len(parts), 0, -1):
        if "/".join(parts[:count]) in rooms:
            return "/".join(parts[:count])
    return None


def room_of_header(header: str, rooms: dict[str, Room], source: Path) -> str | None:
    """The room of a header that is ours, "" if that is none; None for the headers of others."""
    for folder, prefix in ((source, ""), (source.parent / BINDINGS, BINDINGS + "/")):
        if (folder / header).is_file():
            return room_of(prefix + str(Path(header).parent), rooms) or ""
    return None


def is_test(file: Path) -> bool:
    """x_test.cc, and the headers that tests share: x_test_kit.h, test_x.h, testing.h."""
    return file.stem.endswith(("_test", "_test_kit")) or file.stem.startswith("test_") or file.stem == "testing"


def has_prefix(header: str, prefixes: list[str]) -> bool:
    """Whether a prefix is the header itself or a folder that holds it."""
    return any(header == prefix or header.startswith(prefix + "/") for prefix in prefixes)


def is_system(header: str) -> bool:
    return bool(STANDARD_HEADER.fullmatch(header)) or header in SYSTEM_HEADERS or header.startswith(SYSTEM_FOLDERS)


def check_include(header: str, quoted: bool, file: Path, room: Room, rooms: dict[str, Room], source: Path) -> str | None:
    """What is wrong with one #include of `file`, or None."""
    allowed_rooms, allowed_libraries = [room.name, *room.rooms], list(room.libraries)
    if is_test(file):
        allowed_libraries += TEST_LIBRARIES
        if room.name.split("/")[0] == "search":
            allowed_rooms += SEARCH_ROOMS
    target = room_of_header(header, rooms, source)
    if target is not None:
        if is_test(Path(header)) and not is_test(file):
            return f'"{header}" is for tests; this file is none'
        if target in allowed_rooms:
            return None
        return f'{room.name} includes "{header}" of {target or "no room"}; it may include {", ".join(sorted(set(allowed_rooms)))}'
    if has_prefix(header, allowed_libraries):
        return None
    if quoted:
        return f'"{header}" is not a file below src; write the path from src, libraries in <>'
    if is_system(header):
        return None
    libraries = ", ".join(allowed_libraries) or "no library"
    return f"{room.name} includes <{header}>; it may use {libraries} and the system's headers (else add it to SYSTEM_HEADERS)"


def check_file(file: Path, rooms: dict[str, Room], source: Path) -> tuple[list[str], list[str]]:
    """Errors and warnings of one file."""
    name = room_of(str(file.parent.relative_to(source if file.is_relative_to(source) else source.parent)), rooms)
    if name is None:
        return [f"{file}:1: this file is in no room; every folder below src or python belongs to a room of LAYERS"], []
    errors, warnings = [], []
    lines = file.read_text(errors="replace").splitlines()
    for number, line in enumerate(lines, 1):
        match = INCLUDE.match(line)
        if match and (wrong := check_include(match[1] or match[2], match[1] is None, file, rooms[name], rooms, source)):
            errors.append(f"{file}:{number}: {wrong}")
    limit = MAX_TEST_LINES if is_test(file) else MAX_LINES
    if len(lines) > limit:
        errors.append(f"{file}:{limit + 1}: file too long: {len(lines)} lines; at most {limit}")
    elif file.suffix == ".h" and len(lines) > HEADER_LINES:
        warnings.append(f"{file}:{HEADER_LINES + 1}: warning: long header: {len(lines)} lines; about {HEADER_LINES} at most")
    return errors, warnings


def main(arguments: list[str]) -> int:
    source = Path(arguments[0]) if arguments else Path(__file__).resolve().parent.parent / "src"
    try:
        rooms = read_layers(source / "LAYERS")
    except BadLayers as wrong:
        print(wrong)
        return 1
    folders = [source, source.parent / BINDINGS]
    files = sorted(file for folder in folders for kind in ("*.h", "*.cc") for file in folder.rglob(kind))
    errors, warnings = [], []
    for file in files:
        file_errors, file_warnings = check_file(file, rooms, source)
        errors += file_errors
        warnings += file_warnings
    print(*warnings, *errors, f"{len(files)} files in {len(rooms)} rooms: {len(errors)} errors, {len(warnings)} warnings", sep="\n")
    return 1 if errors or not files else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
