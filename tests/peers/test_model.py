"""The decoder against transformers: logits, loss and every gradient of the same random models on the same texts."""

import math

import torch
from conftest import llama, needs_bf16_products, reference, relative, rows_of, trainer, write_model, write_tokenizer
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer


def test_logits_loss_and_gradients_equal_transformers(model_folder, text_file, tmp_path):
    trainer("probe", "--model", model_folder, "--data", text_file, "--output", tmp_path / "probe.safetensors", "--rows", 7, "--sequence_length", 128)
    ours = load_file(tmp_path / "probe.safetensors")
    offsets = ours["offsets"].tolist()
    rows = [ours["ids"][a:b].tolist() for a, b in zip(offsets, offsets[1:])]
    assert rows == rows_of(model_folder)[:7]

    loss, logits, gradients = reference(model_folder, rows)
    assert relative(ours["logits"], logits) < 1e-4
    assert abs(ours["loss"].item() - loss) < 1e-4 * loss
    compared = {name.removeprefix("gradient."): value for name, value in ours.items() if name.startswith("gradient.")}
    assert len(compared) >= len(gradients) - 1  # transformers lists a tied head once more
    for name, gradient in gradients.items():
        if name in compared:
            assert relative(compared[name], gradient) < 1e-4, name
    assert set(compared) <= set(gradients)


@needs_bf16_products
def test_gradients_in_bf16_are_off_by_no_more_than_those_of_autocast(tmp_path, text_file):
    """Autocast multiplies in bf16 what pegbox does, and attention and head besides."""
    torch.manual_seed(3)
    folder = write_model(llama(), tmp_path / "model")
    rows = rows_of(folder)[:7]
    loss, _, exact = reference(folder, rows)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        _, _, theirs = reference(folder, rows)
    trainer("probe", "--model", folder, "--data", text_file, "--output", tmp_path / "probe.safetensors", "--rows", 7, "--sequence_length", 128, "--precision", "bf16")
    ours = load_file(tmp_path / "probe.safetensors")
    assert abs(ours["loss"].item() - loss) < 1e-2 * loss
    for name, gradient in exact.items():
        error = relative(ours["gradient." + name], gradient)
        assert 1e-4 < error < 1.2 * relative(theirs[name], gradient) < 0.1, name


def test_evaluate_gives_the_loss_of_transformers(model_folder, text_file):
    ours = trainer("evaluate", "--model", model_folder, "--data", text_file, "--sequence_length", 128)
    rows = rows_of(model_folder)
    loss, _, _ = reference(model_folder, rows)
    assert ours["label_tokens"] == sum(len(row) - 1 for row in rows)
    assert abs(ours["loss"] - loss) < 1e-5 * loss
    assert abs(ours["perplexity"] - math.exp(loss)) < 1e-3 * math.exp(loss)


def test_half_precision_and_sharded_files_are_read(tmp_path, text_file):
    torch.manual_seed(2)
    model = llama().to(torch.bfloat16)
    model.save_pretrained(tmp_path / "model", max_shard_size="50KB")
    assert (tmp_path / "model" / "model.safetensors.index.json").exists()
    write_tokenizer(tmp_path / "model")
    ours = trainer("evaluate", "--model", tmp_path / "model", "--data", text_file, "--sequence_length", 128)
    loss, _, _ = reference(tmp_path / "model", rows_of(tmp_path / "model"))
    assert abs(ours["loss"] - loss) < 1e-5 * loss


def test_greedy_continuations_equal_transformers(model_folder):
    prompt = "The whale was"
    ours = trainer("predict", "--model", model_folder, "--prompt", prompt, "--most_tokens", 24, "--json")
    tokenizer = AutoTokenizer.from_pretrained(model_folder)
    model = AutoModelForCausalLM.from_pretrained(model_folder, dtype=torch.float32)
    ids = torch.tensor([tokenizer(prompt)["input_ids"]])
    out = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=24, do_sample=False)
    theirs = tokenizer.decode(out[0, ids.shape[1]:], skip_special_tokens=True)
    assert ours["text"] == theirs
