"""Synonyms of `pegbox augment` against NLTK's reading of the same database (Debian: wordnet-base)."""

import json
import os
import random
import shutil
import subprocess
import warnings

import pytest
from conftest import BIN

nltk = pytest.importorskip("nltk")
wordnet = pytest.importorskip("nltk.corpus.reader.wordnet")
DATABASE = "/usr/share/wordnet"
COPIES = 80


@pytest.fixture(scope="module")
def nltk_wordnet(tmp_path_factory):
    """NLTK wants a list of the files' names, which Debian's package leaves out; only numbers are looked up in it."""
    if not os.path.exists(f"{DATABASE}/index.noun"):
        pytest.skip("wordnet-base is not installed")
    folder = tmp_path_factory.mktemp("wordnet")
    shutil.copytree(DATABASE, folder, dirs_exist_ok=True)
    (folder / "lexnames").write_text("".join(f"{number:02} file.{number} 1\n" for number in range(45)))
    nltk.data.path.append(str(folder))  # it reads nothing elsewhere
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reader = type("Reader", (wordnet.WordNetCorpusReader,), {"map_wn": lambda self: None})  # of other WordNets, which are not here
        return reader(str(folder), None)


def synonyms_of(reader, word):
    """Of all sets that the word itself is in: NLTK's `synsets` has those of the words that it may be a form of, too."""
    sets = {lemma.synset() for lemma in reader.lemmas(word)}
    return {lemma.name().replace("_", " ") for each in sets for lemma in each.lemmas() if lemma.name().lower() != word}


def augmented(tmp_path, words):
    rows, made = tmp_path / "words.jsonl", tmp_path / "made.jsonl"
    rows.write_text("".join(json.dumps({"prompt": f"({word}),", "completion": word}) + "\n" for word in words))
    command = [os.path.join(BIN, "pegbox"), "augment", rows, "--output", made, "--methods", "synonyms", "--strength", "1", "--copies", str(COPIES), "--only-copies"]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    found = {word: set() for word in words}
    for row in map(json.loads, made.read_text().splitlines()):
        assert row["prompt"].startswith("(") and row["prompt"].endswith("),")
        found[row["completion"]].add(row["prompt"][1:-2])
    return found


def test_synonyms_are_those_that_nltk_finds(nltk_wordnet, tmp_path):
    draw = random.Random(0)
    known = sorted(word for word in nltk_wordnet.all_lemma_names() if word.isascii() and word.isalpha() and len(word) > 2)
    words = draw.sample(known, 1500) + ["dog", "run", "quick", "well", "automobile"]
    found = augmented(tmp_path, words)
    with_some = 0
    for word in words:
        expected = synonyms_of(nltk_wordnet, word)
        assert found[word] <= expected, word
        if 0 < len(expected) <= 6:  # eighty draws miss none of six but once in 300,000 words
            with_some += 1
            assert found[word] == expected, word
    assert with_some > 400


def test_inflected_words_and_words_of_grammar_have_none(nltk_wordnet, tmp_path):
    assert synonyms_of(nltk_wordnet, "dogs") == set()
    found = augmented(tmp_path, ["dogs", "jumped", "the", "dog"])
    assert not found["dogs"] and not found["jumped"] and not found["the"] and found["dog"]
