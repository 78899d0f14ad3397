"""Personal data on Presidio's labelled set (../shared/data), against Presidio's own pattern recognizers where presidio-analyzer is installed by hand (it brings spaCy)."""

import json
import os
import subprocess

import pytest
from conftest import BIN, ROOT

SHARED = os.environ.get("PEGBOX_SHARED", os.path.join(os.path.dirname(ROOT), "shared"))
LABELLED = os.path.join(SHARED, "data", "privacy", "presidio", "synth_dataset_v2.json")
if not os.path.exists(LABELLED):
    pytest.skip("no ../shared data", allow_module_level=True)
presidio = pytest.importorskip("presidio_analyzer.predefined_recognizers")

RECOGNIZERS = {
    "EMAIL_ADDRESS": "EmailRecognizer",
    "CREDIT_CARD": "CreditCardRecognizer",
    "IBAN_CODE": "IbanRecognizer",
    "IP_ADDRESS": "IpRecognizer",
    "US_SSN": "UsSsnRecognizer",
    "PHONE_NUMBER": "PhoneRecognizer",
}
LEAST_SCORE = 0.4  # what Presidio says of a pattern without context that is more than weak


@pytest.fixture(scope="module")
def samples():
    with open(LABELLED) as file:
        return json.load(file)


def recalls(samples, found):
    """The part of each kind's labels that a span touches; `found`: spans of each sample."""
    labels, hits = dict.fromkeys(RECOGNIZERS, 0), dict.fromkeys(RECOGNIZERS, 0)
    for sample, spans in zip(samples, found, strict=True):
        for label in sample["spans"]:
            if (kind := label["entity_type"]) in RECOGNIZERS:
                labels[kind] += 1
                hits[kind] += any(start < label["end_position"] and label["start_position"] < end for start, end in spans)
    return {kind: hits[kind] / labels[kind] for kind in labels}


def masked_spans(text, masked):
    """Where a mask differs from its text: it has a character for each."""
    assert len(text) == len(masked)
    different = [place for place, (a, b) in enumerate(zip(text, masked, strict=True)) if a != b]
    return [(place, place + 1) for place in different]


def test_patterns_find_at_least_what_presidios_find(samples, tmp_path):
    rows = tmp_path / "rows.jsonl"
    rows.write_text("".join(json.dumps({"text": sample["full_text"]}) + "\n" for sample in samples))
    subprocess.run([os.path.join(BIN, "pegbox"), "anonymize", str(rows), "--output", str(tmp_path / "out.jsonl"), "--method", "mask"], check=True, capture_output=True, timeout=60)
    masked = [json.loads(line)["text"] for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    ours = recalls(samples, [masked_spans(sample["full_text"], text) for sample, text in zip(samples, masked, strict=True)])

    recognizers = {kind: getattr(presidio, name)() for kind, name in RECOGNIZERS.items()}
    found = []
    for sample in samples:
        results = [result for kind, recognizer in recognizers.items() for result in recognizer.analyze(sample["full_text"], [kind], None)]
        found.append([(result.start, result.end) for result in results if result.score >= LEAST_SCORE])
    theirs = recalls(samples, found)
    for kind in RECOGNIZERS:
        assert ours[kind] >= theirs[kind], (kind, ours, theirs)
