"""Runs what the documentation shows: files named in code blocks are written, studies are tuned, sh blocks are executed.

A block whose first line is a comment that begins with a file name ("# study.yaml", "# train.sh: what it does") is that file.
A section with a study.yaml is a study to run; a block marked `sh` without a file name is run by bash, line by line failing.
Blocks marked `console` show a dialogue and are not run.

    python3 tests/docs_test.py README.md docs/protocol.md
"""

import json
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAMS = os.environ.get("PEGBOX_BIN", os.path.join(ROOT, "build", "bin"))
FILE_NAME = re.compile(r"^(?:#|//) ([\w./-]+\.\w+)(?::.*)?$")


def sections(text):
    """(heading, [(language, body)]) for each heading of a Markdown text, in order."""
    heading, blocks, fence, body, found = "", [], None, [], []
    for line in text.splitlines():
        if fence is None and line.startswith("#"):
            found.append((heading, blocks))
            heading, blocks = line.lstrip("# "), []
        elif line.startswith("```"):
            if fence is None:
                fence, body = line[3:].strip(), []
            else:
                blocks.append((fence, "\n".join(body) + "\n"))
                fence = None
        elif fence is not None:
            body.append(line)
    found.append((heading, blocks))
    return [(heading, blocks) for heading, blocks in found if blocks]


def run(arguments, folder):
    environment = dict(os.environ, PATH=PROGRAMS + os.pathsep + os.environ["PATH"], NO_COLOR="1")
    done = subprocess.run(arguments, cwd=folder, env=environment, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, f"{arguments} exited with {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def check_section(blocks, folder):
    """Writes the files, runs the scripts and the study. The number of things run."""
    ran, files = 0, set()
    for language, body in blocks:
        named = FILE_NAME.match(body.splitlines()[0]) if body.strip() else None
        if named:
            path = os.path.join(folder, named.group(1))
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as file:
                file.write(body)
            files.add(named.group(1))
        elif language == "sh":
            run(["bash", "-euo", "pipefail", "-c", body], folder)
            ran += 1
    if "study.yaml" in files and ran == 0:
        name = re.search(r"^name: *(\S+)", open(os.path.join(folder, "study.yaml")).read(), re.M).group(1)
        run(["pegbox", "tune", "study.yaml", "--quiet"], folder)
        best = json.loads(run(["pegbox", "best", name, "--json"], folder))
        assert best["config"] and best["metrics"], best
        ran += 1
    return ran


def main():
    ran = 0
    for document in sys.argv[1:] or ["README.md", "docs/protocol.md"]:
        for heading, blocks in sections(open(os.path.join(ROOT, document)).read()):
            with tempfile.TemporaryDirectory() as folder:
                try:
                    count = check_section(blocks, folder)
                except Exception as error:
                    raise SystemExit(f"{document}, section '{heading}': {error}")
            ran += count
            if count:
                print(f"{document}, section '{heading}': {count} run")
    assert ran > 0, "nothing was run: the documents have no runnable blocks"


if __name__ == "__main__":
    main()
