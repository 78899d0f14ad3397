"""Metrics of outputs and classes against sacreBLEU, rouge-score, jiwer and scikit-learn, on texts with all that tokenizers fall over."""

import json
import os
import random
import subprocess

import jiwer
import numpy as np
import pytest
import sacrebleu
from conftest import BIN, ROOT
from rouge_score import rouge_scorer
from scipy.stats import binomtest
from sklearn import metrics as sklearn_metrics

PIECES = ["the", "cat", "sat", "on", "mat", "a", "an", "3.14", "1,000", "well-known", "U.S.", "don't", "(see", "below)", "&quot;so&quot;", "&amp;", "naïve", "東京", "Ελλάδα", "İstanbul",
          "x=1;", "10-20", "end.", "Mr.", "\u00a0", "\n", "e-mail", "100%", "«quoted»", "…", "😀", "THE", "Sat,", "A.", "_under_", "<skipped>", "-\n", "\t"]


def corpus(seed, rows=60):
    """References, and outputs that are the references with words lost, added and changed."""
    random.seed(seed)
    references = [" ".join(random.choices(PIECES, k=random.randint(1, 25))) for _ in range(rows)]
    outputs = []
    for reference in references:
        words = reference.split(" ")
        kept = [random.choice(PIECES) if random.random() < 0.2 else word for word in words if random.random() > 0.15]
        outputs.append(" ".join(kept + random.choices(PIECES, k=random.randint(0, 3))))
    return outputs[:-2] + ["", references[-1]], references


def evaluate(path, rows, *arguments, resamples=100):
    path.write_text("".join(json.dumps(row, ensure_ascii=random.random() < 0.5) + "\n" for row in rows))
    done = subprocess.run([os.path.join(BIN, "pegbox"), "evaluate", "--outputs", str(path), "--json", "--resamples", str(resamples), *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def values_of(result):
    return {name.removesuffix(",none"): value for name, value in result["results"]["rows"].items() if name.endswith(",none") and not name.endswith("_stderr,none")}


def rows_of(outputs, references):
    return [{"output": output, "reference": reference} for output, reference in zip(outputs, references)]


@pytest.mark.parametrize("seed", range(4))
def test_metrics_of_outputs_are_those_of_their_packages(tmp_path, seed):
    outputs, references = corpus(seed)
    result = evaluate(tmp_path / "rows.jsonl", rows_of(outputs, references), "--metrics", "all")
    ours = values_of(result)
    bleu, chrf, plus = sacrebleu.BLEU(), sacrebleu.CHRF(), sacrebleu.CHRF(word_order=2)
    for name, metric in {"bleu": bleu, "chrf": chrf, "chrf_plus_plus": plus}.items():
        assert ours[name] == pytest.approx(metric.corpus_score(outputs, [references]).score, abs=1e-6), name
        assert result["signatures"][name] == str(metric.get_signature())
    scorer = rouge_scorer.RougeScorer(["rouge1", "rouge2", "rougeL", "rougeLsum"])
    scores = [scorer.score(reference, output) for output, reference in zip(outputs, references)]
    for name, theirs in {"rouge_1": "rouge1", "rouge_2": "rouge2", "rouge_l": "rougeL", "rouge_l_sum": "rougeLsum"}.items():
        assert ours[name] == pytest.approx(np.mean([score[theirs].fmeasure for score in scores]), abs=1e-6), name


def test_bleu_and_chrf_of_single_sentences_and_of_nothing_in_common(tmp_path):
    for output, reference in [("the cat sat on the mat", "the cat sat on a mat"), ("a b c", "a b c"), ("x", "y"), ("the the the the", "the cat"), ("", "a")]:
        ours = values_of(evaluate(tmp_path / "rows.jsonl", rows_of([output], [reference]), "--metrics", "bleu,chrf,chrf_plus_plus"))
        assert ours["bleu"] == pytest.approx(sacrebleu.corpus_bleu([output], [[reference]]).score, abs=1e-6)
        assert ours["chrf"] == pytest.approx(sacrebleu.corpus_chrf([output], [[reference]]).score, abs=1e-6)
        assert ours["chrf_plus_plus"] == pytest.approx(sacrebleu.corpus_chrf([output], [[reference]], word_order=2).score, abs=1e-6)


def test_error_rates_are_jiwers(tmp_path):
    """jiwer parts words at single spaces only."""
    random.seed(5)
    words = [word for word in PIECES if word.strip() == word and word.strip() and "\n" not in word]
    references = [" ".join(random.choices(words, k=random.randint(1, 20))) for _ in range(40)]
    outputs = [" ".join(random.choice(words) if random.random() < 0.3 else word for word in reference.split(" ") if random.random() > 0.1) for reference in references]
    ours = values_of(evaluate(tmp_path / "rows.jsonl", rows_of(outputs, references), "--metrics", "word_error_rate,character_error_rate"))
    assert ours["word_error_rate"] == pytest.approx(jiwer.wer(references, outputs), abs=1e-9)
    assert ours["character_error_rate"] == pytest.approx(jiwer.cer(references, outputs), abs=1e-9)


def squad_normalize(text):
    """As the evaluation script of SQuAD 2 does."""
    import re
    import string

    text = "".join(c for c in text.lower() if c not in string.punctuation)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


def squad_f1(output, reference):
    from collections import Counter

    ours, theirs = squad_normalize(output).split(), squad_normalize(reference).split()
    if not ours or not theirs:
        return float(ours == theirs)
    same = sum((Counter(ours) & Counter(theirs)).values())
    return 0.0 if same == 0 else 2 * same / (len(ours) + len(theirs))


def test_answers_are_matched_as_squads_script_does(tmp_path):
    random.seed(7)
    references = [" ".join(random.choices(PIECES, k=random.randint(1, 4))) for _ in range(80)]
    outputs = [random.choice([reference, reference.upper(), "the " + reference + "!", random.choice(PIECES), ""]) for reference in references]
    ours = values_of(evaluate(tmp_path / "rows.jsonl", rows_of(outputs, references), "--metrics", "exact_match,f1"))
    matches = [squad_normalize(a) == squad_normalize(b) for a, b in zip(outputs, references)]
    assert 10 < sum(matches) < 75
    assert ours["exact_match"] == pytest.approx(np.mean(matches), abs=1e-12)
    assert ours["f1"] == pytest.approx(np.mean([squad_f1(a, b) for a, b in zip(outputs, references)]), abs=1e-9)


@pytest.mark.parametrize("classes", [2, 5])
def test_metrics_of_classes_are_scikit_learns(tmp_path, classes):
    generator = np.random.default_rng(classes)
    names = [f"class {i}" for i in range(classes)]
    labels = generator.integers(classes, size=200)
    shares = generator.dirichlet(np.full(classes, 0.7), size=200)
    shares[np.arange(200), labels] += 0.4
    shares = np.round(shares / shares.sum(1, keepdims=True), 3)  # some are equal
    shares[:, -1] = 1 - shares[:, :-1].sum(1)
    answers = shares.argmax(1)
    rows = [{"label": names[label], "probabilities": {name: float(p) for name, p in zip(names, share)}} for label, share in zip(labels, shares)]
    result = evaluate(tmp_path / "rows.jsonl", rows, "--metrics", "all")
    ours = values_of(result)
    theirs = {
        "accuracy": sklearn_metrics.accuracy_score(labels, answers),
        "macro_f1": sklearn_metrics.f1_score(labels, answers, average="macro"),
        "weighted_f1": sklearn_metrics.f1_score(labels, answers, average="weighted"),
        "matthews": sklearn_metrics.matthews_corrcoef(labels, answers),
        "roc_auc": sklearn_metrics.roc_auc_score(labels, shares[:, 1]) if classes == 2 else sklearn_metrics.roc_auc_score(labels, shares, multi_class="ovr"),
        "brier": sklearn_metrics.brier_score_loss(labels, shares[:, 1]) if classes == 2 else sklearn_metrics.brier_score_loss(labels, shares),
    }
    for name, value in theirs.items():
        assert ours[name] == pytest.approx(value, abs=1e-6), name
    confidence = shares.max(1)
    bins = np.ceil(confidence * 15).astype(int)
    error = sum(abs(np.mean(confidence[bins == b]) - np.mean(answers[bins == b] == labels[bins == b])) * np.mean(bins == b) for b in set(bins))
    assert ours["calibration_error"] == pytest.approx(error, abs=1e-9)
    assert result["confusion"]["rows"]["rows_by_label_and_answer"] == sklearn_metrics.confusion_matrix(labels, answers).tolist()
    interval = binomtest(int((answers == labels).sum()), 200).proportion_ci(method="exact")
    assert result["intervals"]["rows"]["accuracy"] == pytest.approx({"low": interval.low, "high": interval.high}, abs=1e-9)


@pytest.mark.parametrize("lost", [0.04, 0.045])
def test_two_systems_are_compared_on_the_same_rows(tmp_path, lost):
    """The p-value is near that of sacreBLEU's approximate randomization, which draws other samples."""
    from sacrebleu.significance import PairedTest

    outputs, references = corpus(11, rows=120)
    random.seed(12)
    worse, ours = ([" ".join(word for word in output.split(" ") if random.random() > rate) for output in outputs] for rate in (0.06 if lost == 0.04 else 0.05, lost))
    (tmp_path / "worse.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows_of(worse, references)))
    result = evaluate(tmp_path / "rows.jsonl", rows_of(ours, references), "--metrics", "bleu,chrf,exact_match", "--compare", str(tmp_path / "worse.jsonl"), resamples=2000)
    compared = result["comparisons"]["rows"]
    peers = {"chrf": sacrebleu.CHRF(references=[references]), "bleu": sacrebleu.BLEU(references=[references])}
    _, scores = PairedTest([("worse", worse), ("ours", ours)], peers, None, test_type="ar", n_samples=2000)()
    for name, theirs in {"chrf": "chrF2", "bleu": "BLEU"}.items():
        metric = peers[name]
        assert compared[name]["difference"] == pytest.approx(metric.corpus_score(ours, None).score - metric.corpus_score(worse, None).score, abs=1e-6)
        assert compared[name]["low"] < compared[name]["difference"] < compared[name]["high"]
        assert compared[name]["p_value"] == pytest.approx(scores[theirs][1].p_value, abs=0.05 if lost > 0.04 else 0.02), name
    assert compared["exact_match"]["test"] == "mcnemar"


def test_slices_are_the_rows_of_each_value(tmp_path):
    outputs, references = corpus(3)
    rows = [{**row, "kind": ["poem", "code"][i % 3 == 0], "length": i % 2} for i, row in enumerate(rows_of(outputs, references))]
    del rows[1]["kind"]
    result = evaluate(tmp_path / "rows.jsonl", rows, "--metrics", "bleu", "--slice", "kind", "--slice", "length")
    slices = result["slices"]["rows"]
    assert {value: slices["kind"][value]["rows"] for value in slices["kind"]} == {"code": 20, "(none)": 1, "poem": 39}
    odd = [i for i in range(60) if i % 2]
    theirs = sacrebleu.corpus_bleu([outputs[i] for i in odd], [[references[i] for i in odd]]).score
    assert slices["length"]["1"]["bleu"]["value"] == pytest.approx(theirs, abs=1e-6)


def test_what_cannot_be_measured_is_refused(tmp_path):
    path = tmp_path / "rows.jsonl"

    def refused(row, *arguments):
        path.write_text(json.dumps(row) + "\n")
        done = subprocess.run([os.path.join(BIN, "pegbox"), "evaluate", "--outputs", str(path), *arguments], capture_output=True, text=True, cwd=ROOT)
        assert done.returncode == 2, done.stdout
        return done.stderr

    good = {"output": "a", "reference": "a"}
    assert "did you mean bleu" in refused(good, "--metrics", "blue")
    assert "a classifier" in refused(good, "--metrics", "accuracy")
    assert "'reference' is missing" in refused({"output": "a"}).replace('"', "'")
    assert "did you mean output" in refused(good, "--slice", "outputs")
    assert "not a probability" in refused({"label": "x", "probabilities": {"x": 2}})
