"""What `pegbox evaluate` measures of a model, and what it writes, against transformers."""

import json
import math
import os
import subprocess

import numpy as np
import pytest
import sacrebleu
import torch
from conftest import BIN, SENTENCES, base_of, gpt2, llama, rows_of, tokenizer_of, trainer, write_model

END = 0
QUESTIONS = [{"prompt": "The whale was", "choices": ["white", "a tuner in possession", "8"], "answer": 0, "kind": "whale"},
             {"prompt": "Sums: 1 + 1 =", "choices": ["2", "2, 2 + 2 = 4"], "answer": "2", "kind": "sums"},
             {"prompt": "A peg turns, a", "choices": ["note", "string tightens", "café"], "answer": 1, "kind": "peg"},
             {"prompt": "It is a truth", "choices": ["universally acknowledged", "large"], "answer": 1, "kind": "whale"}]
PAIRS = [{"prompt": "The whale", "completion": " was white"}, {"prompt": "def add(a, b):", "completion": "\n    return a + b"}, {"prompt": "Ünïcode: naïve", "completion": " café, 東京"},
         {"prompt": "A peg turns, a string", "completion": " tightens, a note rises"}]


@pytest.fixture(params=["llama", "gpt2"])
def folder(request, tmp_path):
    torch.manual_seed(3)
    make = {"llama": lambda: llama(num_hidden_layers=2), "gpt2": lambda: gpt2(n_layer=2)}[request.param]
    return write_model(make(), tmp_path / "model")


def pegbox(*arguments):
    done = subprocess.run([os.path.join(BIN, "pegbox"), "evaluate", *map(str, arguments), "--json"], capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def write_rows(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def token_losses(model, prompt, completion):
    """Losses and hits of a completion's tokens behind a prompt's."""
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([prompt + completion])).logits[0, len(prompt) - 1:-1]
    losses = torch.nn.functional.cross_entropy(logits, torch.tensor(completion), reduction="none").double()
    return losses, logits.argmax(-1) == torch.tensor(completion)


def test_losses_by_token_word_and_byte_are_transformers(folder, tmp_path):
    model, tokenizer = base_of(folder), tokenizer_of(folder)
    ours = pegbox("--model", folder, "--data", write_rows(tmp_path / "pairs.jsonl", PAIRS), "--resamples", 100,
                  "--metrics", "loss,perplexity,word_perplexity,byte_perplexity,bits_per_byte,token_accuracy")
    nll = text_nll = tokens = right = words = size = 0
    for pair in PAIRS:
        losses, hits = token_losses(model, tokenizer(pair["prompt"])["input_ids"], tokenizer(pair["completion"])["input_ids"] + [END])
        nll += losses.sum().item()
        text_nll += losses[:-1].sum().item()
        tokens += len(losses)
        right += hits.sum().item()
        words += len(pair["completion"].split())
        size += len(pair["completion"].encode())
    theirs = {"loss": nll / tokens, "perplexity": math.exp(nll / tokens), "word_perplexity": math.exp(text_nll / words), "byte_perplexity": math.exp(text_nll / size),
              "bits_per_byte": text_nll / size / math.log(2), "token_accuracy": right / tokens}
    for name, value in theirs.items():
        assert ours["results"]["pairs"][name + ",none"] == pytest.approx(value, rel=1e-4), name
    assert ours["loss"] == pytest.approx(theirs["loss"], abs=1e-4) and ours["label_tokens"] == tokens
    assert ours["n-samples"]["pairs"] == {"original": 4, "effective": 4}


def test_choices_are_judged_as_lm_evaluation_harness_does(folder, tmp_path):
    """acc: the greatest log-likelihood of " " + choice; acc_norm: for each character of the choice."""
    model, tokenizer = base_of(folder), tokenizer_of(folder)
    ours = pegbox("--model", folder, "--data", write_rows(tmp_path / "questions.jsonl", QUESTIONS), "--metrics", "acc,acc_norm", "--slice", "kind")
    acc, norm = [], []
    for question in QUESTIONS:
        prompt = tokenizer(question["prompt"])["input_ids"]
        likelihoods = np.array([-token_losses(model, prompt, tokenizer(" " + choice)["input_ids"])[0].sum().item() for choice in question["choices"]])
        answer = question["answer"] if isinstance(question["answer"], int) else question["choices"].index(question["answer"])
        acc.append(likelihoods.argmax() == answer)
        norm.append((likelihoods / [len(choice) for choice in question["choices"]]).argmax() == answer)
    assert ours["results"]["questions"]["acc,none"] == np.mean(acc)
    assert ours["results"]["questions"]["acc_norm,none"] == np.mean(norm)
    assert ours["slices"]["questions"]["kind"]["whale"]["acc"]["value"] == np.mean([acc[0], acc[3]])
    assert ours["higher_is_better"]["questions"] == {"acc": True, "acc_norm": True}


def continuations(folder, **settings):
    """What transformers generates behind each sentence's beginning, up to the end token."""
    model, tokenizer = base_of(folder), tokenizer_of(folder)
    model.generation_config.pad_token_id = model.generation_config.eos_token_id = END
    result = []
    for sentence in sorted(set(SENTENCES))[:5]:
        prompt = tokenizer(sentence[:14])["input_ids"]
        ids = model.generate(torch.tensor([prompt]), attention_mask=torch.ones(1, len(prompt), dtype=torch.long), max_new_tokens=12, do_sample=False, **settings)[0, len(prompt):].tolist()
        result.append((sentence[:14], tokenizer.decode(ids, skip_special_tokens=True)))
    return result


def write_with_likely_end(folder):
    """Gives the end token a row of the head whose logits are about as large as the largest of others, so that texts end at several lengths."""
    model, rows = base_of(folder), rows_of(folder)
    with torch.no_grad():
        hidden = torch.cat([model(input_ids=torch.tensor([row]), output_hidden_states=True).hidden_states[-1][0] for row in rows[:7]])
        head = model.get_output_embeddings().weight
        largest = (hidden @ head.T).max(1).values
        head[END] = torch.linalg.lstsq(hidden, largest.unsqueeze(1)).solution[:, 0] * 0.8
    model.save_pretrained(folder)


def test_generation_is_that_of_transformers(folder, tmp_path):
    write_with_likely_end(folder)
    seen = set()
    for beams, penalty in [(1, 1.0), (3, 1.0), (4, 0.0), (4, 2.0), (2, -1.0)]:
        theirs = continuations(folder, num_beams=beams, **({"length_penalty": penalty} if beams > 1 else {}))
        data = write_rows(tmp_path / "prompts.jsonl", [{"prompt": prompt, "completion": text or "x"} for prompt, text in theirs])
        records = tmp_path / "records.jsonl"
        result = trainer("evaluate", "--json-config", json.dumps({"model": str(folder), "data": {"test": str(data)}, "records": str(records), "generate": True, "most_tokens": 12,
                                                                  "beams": beams, "length_penalty": penalty}))
        rows = [json.loads(line) for line in records.read_text().splitlines()]
        assert [row["output"] for row in rows] == [text for _, text in theirs], (beams, penalty)
        assert result["speed"]["tokens_per_second"] > 0 and result["speed"]["first_token_s"] > 0
        seen.add((tuple(text for _, text in theirs), sum(row["output_tokens"] for row in rows)))
    assert len(seen) == 5, "the settings make a difference"
    assert min(tokens for _, tokens in seen) < 12 * len(rows), "some end by themselves"


def test_outputs_stop_and_are_compared_with_the_completions(folder, tmp_path):
    """A stop text cuts the continuation; another model on the same rows is compared row by row."""
    greedy = continuations(folder)
    prompt, text = max(greedy, key=lambda pair: len(pair[1]))
    stop = text[len(text) // 2:][:2]
    data = write_rows(tmp_path / "rows.jsonl", [{"prompt": prompt, "completion": text[:text.index(stop)]}] * 3 + [{"prompt": prompt, "completion": "no"}])
    torch.manual_seed(4)
    other = write_model(llama(num_hidden_layers=1), tmp_path / "other")
    ours = pegbox("--model", folder, "--data", data, "--metrics", "exact_match,chrf", "--tokens", 16, "--stop", stop, "--compare", other, "--save", tmp_path / "saved.jsonl")
    assert ours["results"]["rows"]["exact_match,none"] == 0.75
    compared = ours["comparisons"]["rows"]
    assert compared["with"] == str(other) and compared["exact_match"]["test"] == "mcnemar" and 0 < compared["exact_match"]["p_value"] <= 1
    saved = [json.loads(line) for line in (tmp_path / "saved.jsonl").read_text().splitlines()]
    assert len(saved) == 4 and all(stop not in row["output"] for row in saved)
    again = pegbox("--outputs", tmp_path / "saved.jsonl", "--metrics", "exact_match")
    assert again["results"]["saved"]["exact_match,none"] == 0.75


def test_a_suite_names_tasks_and_a_seed_repeats_samples(tmp_path):
    torch.manual_seed(3)
    folder = write_model(llama(num_hidden_layers=2), tmp_path / "model")
    write_rows(tmp_path / "pairs.jsonl", PAIRS)
    write_rows(tmp_path / "questions.jsonl", QUESTIONS)
    (tmp_path / "suite.yaml").write_text("model: model\nseed: 3\nresamples: 100\ntasks:\n- {data: pairs.jsonl, metrics: [chrf, loss], set: {temperature: 1.0, top_p: 0.9, most_tokens: 8}}\n"
                                         "- {name: choices, data: questions.jsonl, metrics: [acc]}\n")
    once = pegbox(tmp_path / "suite.yaml")
    again = pegbox(tmp_path / "suite.yaml")
    assert set(once["results"]) == {"pairs", "choices"} and "loss" not in once
    assert once["results"] == again["results"] and once["intervals"] == again["intervals"]
    other = pegbox("--model", folder, "--data", tmp_path / "pairs.jsonl", "--metrics", "chrf", "--temperature", 1, "--top-p", 0.9, "--tokens", 8, "--seed", 4)
    assert other["results"]["pairs"]["chrf,none"] != once["results"]["pairs"]["chrf,none"]


def test_trials_without_training_write_what_transformers_writes(folder, tmp_path):
    """Prompt templates and beams are hyperparameters; each trial's chrF is sacreBLEU's of transformers' texts, its loss that of transformers behind the template."""
    write_with_likely_end(folder)
    model, tokenizer = base_of(folder), tokenizer_of(folder)
    model.generation_config.pad_token_id = model.generation_config.eos_token_id = END
    write_rows(tmp_path / "pairs.jsonl", PAIRS)
    templates, beams = ["{prompt}", "So: {prompt} and"], [1, 3]
    study = {"name": "asked", "trial": {"trainer": {"model": str(folder), "method": "none", "data": {"validation": "pairs.jsonl"}, "most_tokens": 10,
                                                    "evaluate": {"metrics": ["chrf", "exact_match", "loss"]}}},
             "space": {"prompt_template": {"choice": templates}, "beams": {"choice": beams}}, "objective": [{"maximize": "chrf"}, {"minimize": "first_token_s"}],
             "gates": ["exact_match >= 0"], "budget": {"trials": 4}, "search": "grid"}
    (tmp_path / "study.json").write_text(json.dumps(study))
    for command in (["tune", "study.json", "--quiet"], ["show", "asked", "--json"]):
        done = subprocess.run([os.path.join(BIN, "pegbox"), *command], capture_output=True, text=True, timeout=300, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    trials = json.loads(done.stdout)["trials"]
    assert {(trial["config"]["prompt_template"], trial["config"]["beams"]) for trial in trials} == {(template, count) for template in templates for count in beams}
    for trial in trials:
        texts, nll, labels = [], 0, 0
        for pair in PAIRS:
            prompt = tokenizer(trial["config"]["prompt_template"].replace("{prompt}", pair["prompt"]))["input_ids"]
            ids = model.generate(torch.tensor([prompt]), attention_mask=torch.ones(1, len(prompt), dtype=torch.long), max_new_tokens=10, do_sample=False,
                                 num_beams=trial["config"]["beams"])[0, len(prompt):].tolist()
            texts.append(tokenizer.decode(ids, skip_special_tokens=True))
            losses, _ = token_losses(model, prompt, tokenizer(pair["completion"])["input_ids"] + [END])
            nll += losses.sum().item()
            labels += len(losses)
        theirs = sacrebleu.corpus_chrf(texts, [[pair["completion"] for pair in PAIRS]]).score
        assert trial["metrics"]["chrf"] == pytest.approx(theirs, abs=1e-6)
        assert trial["metrics"]["validation_loss"] == pytest.approx(nll / labels, rel=1e-4)
        assert trial["state"] == "done" and trial["step"] == 0
