"""Checks of data against the programs that the rules and the setting come from: datatrove, with which FineWeb was made, and datasketch."""

import json
import os
import random
import subprocess

import pytest
from conftest import BIN

filters = pytest.importorskip("datatrove.pipeline.filters")
datasketch = pytest.importorskip("datasketch")

STOP_WORDS = ["the", "be", "to", "of", "and", "that", "have", "with"]
def check(path, *checks):
    done = subprocess.run([os.path.join(BIN, "pegbox"), "check", str(path), "--checks", ",".join(checks), "--examples", "1000000", "--json"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return {finding["check"]: finding["examples"] for finding in json.loads(done.stdout)["findings"]}


def lines_of(examples):
    return {int(example["place"].rsplit(":", 1)[1]) for example in examples}


def write_rows(path, texts):
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    return path


def a_text(draw):
    """Words in lines and paragraphs, with more or less of what the rules are about."""
    vocabulary = ["".join(draw.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(draw.choice([1, 3, 5, 7, 12]))) for _ in range(draw.choice([8, 30, 400]))]
    odd = {"stop": draw.choice([0, 0.02, 0.2]), "#": draw.choice([0, 0, 0.08, 0.15]), "...": draw.choice([0, 0, 0.08, 0.15]), "42": draw.choice([0, 0.1, 0.25])}
    lines = []
    for _ in range(draw.choice([2, 8, 25])):
        words = []
        for _ in range(draw.choice([3, 6, 15])):
            kind = next((kind for kind, rate in odd.items() if draw.random() < rate), None)
            words.append(draw.choice(STOP_WORDS) if kind == "stop" else draw.choice(vocabulary) if kind is None else kind)
        line = " ".join(words)
        line = draw.choice(["", "", "• ", "- "]) + line if odd["..."] else line
        lines.append(line + draw.choice([".", ".", "", "…"]))
        if draw.random() < 0.15 and len(lines) > 1:
            lines.append(draw.choice(lines))
    text = ""
    for line in lines:
        text += line + draw.choice(["\n", "\n", "\n\n"])
    return text.strip()


@pytest.fixture(scope="module")
def texts():
    draw = random.Random(0)
    return [a_text(draw) for _ in range(600)]


@pytest.fixture
def split_at_spaces(monkeypatch):
    """A word is what stands between white space, instead of what a model of the language says."""
    for module in ("gopher_quality_filter", "gopher_repetition_filter", "fineweb_quality_filter"):
        monkeypatch.setattr(f"datatrove.pipeline.filters.{module}.split_into_words", lambda text, language: text.split())


def verdicts(judge, texts):
    """The lines of what a filter of datatrove rejects, with its reason."""
    from datatrove.data import Document

    found = {}
    for number, text in enumerate(texts, 1):
        verdict = judge.filter(Document(text=text, id=str(number)))
        if verdict is not True:
            found[number] = verdict[1]
    return found


def test_gopher_quality_rejects_the_same_texts(texts, split_at_spaces, tmp_path):
    texts = [text.replace("\n\n", "\n") for text in texts]  # empty lines are none for us
    theirs = verdicts(filters.GopherQualityFilter(), texts)
    ours = check(write_rows(tmp_path / "rows.jsonl", texts), "gopher")["gopher"]
    assert lines_of(ours) == set(theirs)
    only = {line: reason for line, reason in theirs.items() if reason == "gopher_enough_stop_words"}  # their last rule
    for example in ours:
        line = int(example["place"].rsplit(":", 1)[1])
        assert line not in only or example["detail"].startswith("gopher_stop_words"), example
    assert len(set(theirs.values())) >= 6, "the texts break too few of the rules to say much"


def test_gopher_repetition_rejects_the_same_texts(texts, split_at_spaces, tmp_path):
    long_texts = [text for text in texts if sum(any(map(str.isalnum, word)) for word in text.split()) >= 50]  # shorter ones are not judged
    theirs = verdicts(filters.GopherRepetitionFilter(), long_texts)
    ours = check(write_rows(tmp_path / "rows.jsonl", long_texts), "repetition")["repetition"]
    assert lines_of(ours) == set(theirs)
    assert 0.1 < len(theirs) / len(long_texts) < 0.9
    assert len(set(theirs.values())) >= 4


def test_fineweb_rejects_the_same_texts(texts, split_at_spaces, tmp_path):
    theirs = verdicts(filters.FineWebQualityFilter(char_duplicates_ratio=0.1, new_line_ratio=1e9), texts)
    ours = check(write_rows(tmp_path / "rows.jsonl", texts), "fineweb")["fineweb"]
    assert lines_of(ours) == set(theirs)
    assert len(set(theirs.values())) == 3


def test_near_duplicates_are_found_as_often_as_datasketch_finds_them(tmp_path):
    """Pairs of known similarity: the same bands and rows, other permutations."""
    draw = random.Random(1)
    texts, similarities = [], []
    for own in (4, 8, 14, 22, 34):
        for _ in range(80):
            common = [f"w{draw.randrange(10**9)}" for _ in range(104)]
            for _ in range(2):
                texts.append(" ".join(common + [f"w{draw.randrange(10**9)}" for _ in range(own)]))
            similarities.append(100 / (100 + 2 * own))
    lsh = datasketch.MinHashLSH(num_perm=112, params=(14, 8))
    theirs = []
    for number, text in enumerate(texts):
        words = text.split()
        sketch = datasketch.MinHash(num_perm=112, seed=3)
        sketch.update_batch([" ".join(words[start : start + 5]).encode() for start in range(len(words) - 4)])
        if number % 2:
            theirs.append(str(number - 1) in lsh.query(sketch))
        lsh.insert(str(number), sketch)
    examples = check(write_rows(tmp_path / "rows.jsonl", texts), "near_duplicates")["near_duplicates"]
    found = lines_of(examples)
    assert all(line % 2 == 0 for line in found), "a first of a pair is like nothing before it"
    ours = [2 * pair + 2 in found for pair in range(len(texts) // 2)]
    for start in range(0, len(ours), 80):
        expected = 1 - (1 - similarities[start] ** 8) ** 14
        spread = 4 * (expected * (1 - expected) / 80) ** 0.5 + 1e-9
        assert abs(sum(ours[start : start + 80]) / 80 - expected) <= spread + 0.01
        assert abs(sum(theirs[start : start + 80]) / 80 - expected) <= spread + 0.01
