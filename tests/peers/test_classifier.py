"""Classifiers against transformers, PEFT and scikit-learn: what pegbox writes gives there the same answers, and its steps are the same steps."""

import json

import numpy as np
import pytest
import torch
from conftest import SENTENCES, gpt2, llama, relative, tokenizer_of, train, trainer, write_model
from peft import PeftModel
from sklearn.metrics import accuracy_score, f1_score
from sklearn.utils.class_weight import compute_class_weight
from transformers import AutoModelForSequenceClassification, Gemma3ForCausalLM, Gemma3TextConfig, Qwen3Config, Qwen3ForCausalLM

TEXTS = sorted(set(SENTENCES))
LABELS = ["tuning", "code", "tuning", "other", "other", "tuning", "other"]  # sorted: code, other, tuning
NAMES = sorted(set(LABELS))
SIZES = dict(vocab_size=400, hidden_size=32, intermediate_size=56, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=256, head_dim=16,
             bos_token_id=0, eos_token_id=0, pad_token_id=0)
MODELS = {
    "llama": lambda: llama(),
    "gpt2": lambda: gpt2(),
    "qwen3": lambda: Qwen3ForCausalLM(Qwen3Config(**SIZES)),
    "gemma3": lambda: Gemma3ForCausalLM(Gemma3TextConfig(**SIZES, sliding_window=7, layer_types=["sliding_attention", "full_attention"])),
}


@pytest.fixture(params=MODELS)
def folder(request, tmp_path):
    torch.manual_seed(1)
    return write_model(MODELS[request.param](), tmp_path / "model")


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in zip(TEXTS, LABELS)))
    return path


def classifier(folder, **options):
    return AutoModelForSequenceClassification.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32, **options)


def logits_of(model, folder):
    return torch.cat([model(input_ids=torch.tensor([tokenizer_of(folder)(text)["input_ids"]])).logits for text in TEXTS])


def targets():
    return torch.tensor([NAMES.index(label) for label in LABELS])


def assert_scores(ours, logits):
    answers = [NAMES[i] for i in logits.argmax(1)]
    assert abs(ours["validation_loss"] - torch.nn.functional.cross_entropy(logits, targets()).item()) < 1e-4
    assert ours["accuracy"] == pytest.approx(accuracy_score(LABELS, answers))
    assert ours["macro_f1"] == pytest.approx(f1_score(LABELS, answers, average="macro"))


def test_steps_with_balanced_weights_are_pytorchs(folder, data, tmp_path):
    """The head begins at 0, and the whole data are one batch."""
    ours = train(folder, data, tmp_path / "tuned", task="classify", method="full", class_weights="balanced", batch_size=len(TEXTS), epochs=5, learning_rate=1e-3,
                 schedule="constant", warmup_fraction=0, clip=1.0, weight_decay=0, beta2=0.99)
    model = classifier(folder, num_labels=3)
    torch.nn.init.zeros_(model.score.weight)
    weights = torch.tensor(compute_class_weight("balanced", classes=np.array(NAMES), y=LABELS), dtype=torch.float32)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.99), eps=1e-8, weight_decay=0)
    for _ in range(5):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(logits_of(model, folder), targets(), weight=weights).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    written = classifier(tmp_path / "tuned")
    assert written.config.id2label == dict(enumerate(NAMES))
    with torch.no_grad():
        theirs, logits = logits_of(model, folder), logits_of(written, folder)
    assert relative(logits, theirs) < 1e-3
    assert_scores(ours, logits)
    again = trainer("evaluate", "--model", tmp_path / "tuned", "--data", data)
    assert again["accuracy"] == ours["accuracy"] and again["loss"] == pytest.approx(ours["validation_loss"], abs=1e-6)
    said = trainer("predict", "--model", tmp_path / "tuned", "--prompt", TEXTS[1], "--json")
    assert said["label"] == NAMES[logits[1].argmax()]
    assert said["probability"] == pytest.approx(logits[1].softmax(0).max().item(), abs=1e-5)


@pytest.mark.parametrize("method", ["lora", "qlora"])
def test_an_adapter_has_the_head_as_peft_saves_it(method, folder, data, tmp_path):
    ours = train(folder, data, tmp_path / "adapter", task="classify", method=method, rank=4, batch_size=4, epochs=20, learning_rate=3e-3)
    trainer("merge", "--model", folder, "--adapter", tmp_path / "adapter", "--output", tmp_path / "merged", json_result=False)
    with torch.no_grad():
        merged = logits_of(classifier(tmp_path / "merged"), folder)
    assert_scores(ours, merged)
    again = trainer("evaluate", "--model", folder, "--adapter", tmp_path / "adapter", "--data", data)
    assert again["macro_f1"] == pytest.approx(ours["macro_f1"])
    if method == "lora":
        model = PeftModel.from_pretrained(classifier(folder, num_labels=3), tmp_path / "adapter")
        with torch.no_grad():
            assert_scores(ours, logits_of(model, folder))


def test_a_classifier_from_scratch_loads_in_transformers(data, tmp_path):
    ours = train("", data, tmp_path / "model", task="classify", method="scratch", shape="qwen3", layers=2, heads=2, width=32, vocabulary=300, epochs=20, batch_size=4, learning_rate=3e-3)
    with torch.no_grad():
        assert_scores(ours, logits_of(classifier(tmp_path / "model"), tmp_path / "model"))
