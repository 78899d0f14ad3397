"""µP against transformers and PyTorch: what is written answers the same there, and its steps are AdamW's with the paper's factors."""

import json
import math

import pytest
import torch
from conftest import SENTENCES, mean_loss, train, trainer
from conftest import rows_of as all_rows_of
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

MUP = dict(method="scratch", parametrization="mup", base_width=16, base_head_dim=8, layers=2, heads=2, width=64, vocabulary=400, initial_deviation=0.1)


def scratch(text_file, output, **fields):
    return train("", text_file, output, **{**MUP, "batch_size": 4, "tokens": 3000, "learning_rate": 1e-2, **fields})


def rows_of(folder):
    return all_rows_of(folder)[: len(set(SENTENCES))]


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("shape", ["llama", "gpt2", "qwen3", "gemma", "gemma2", "gemma3_text", "stablelm"])
def test_a_model_answers_in_transformers_as_it_did_in_training(shape, tied, text_file, tmp_path):
    ours = scratch(text_file, tmp_path / "model", shape=shape, tie_embeddings=tied)
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "model", dtype=torch.float32)
    rows = rows_of(tmp_path / "model")
    with torch.no_grad():
        loss = mean_loss(model, rows).item()
    assert loss < math.log(400) - 0.5
    assert abs(ours["validation_loss"] - loss) < 1e-4 * loss
    trainer("probe", "--model", tmp_path / "model", "--data", text_file, "--output", tmp_path / "probe.safetensors", "--rows", 7, "--sequence_length", 128)
    logits = load_file(tmp_path / "probe.safetensors")["logits"]
    with torch.no_grad():
        theirs = torch.cat([model(input_ids=torch.tensor([row])).logits[0] for row in rows])
    assert ((logits - theirs[: len(logits)]).norm() / theirs[: len(logits)].norm()).item() < 1e-4


def groups_of(model, rate, decay):
    """AdamW's groups for the plain model that a µP model is written as. A factor c that was put into a tensor gives it c times the rate: Adam's
    steps do not see the size of gradients (lemma J.1 of the paper)."""
    wider, head = MUP["width"] / MUP["base_width"], MUP["width"] // MUP["heads"]
    scores = math.sqrt(MUP["base_head_dim"] / head)
    factors = {}
    for name, parameter in model.named_parameters():
        is_hidden = parameter.dim() == 2 and "embed" not in name and "lm_head" not in name
        factor = 1 / wider if is_hidden else 1.0
        if name == "model.norm.weight":
            factor /= wider
        folded = scores if name.endswith("q_proj.weight") else 1.0
        factors[name] = (factor * folded, decay / factor if parameter.dim() == 2 else 0.0, folded)
    return [dict(params=[parameter], lr=rate * factors[name][0], weight_decay=factors[name][1] / factors[name][2], name=name)
            for name, parameter in model.named_parameters()]


@pytest.mark.parametrize("tied", [False, True])
def test_full_batch_steps_are_adamws_with_the_papers_factors(tied, text_file, tmp_path):
    count, steps, rate, decay = len(SENTENCES), 8, 1e-2, 0.1
    fixed = dict(tie_embeddings=tied, batch_size=count, schedule="constant", warmup_fraction=0, clip=0, beta2=0.99, weight_decay=decay, epsilon=1e-18)
    scratch(text_file, tmp_path / "start", **{**fixed, "tokens": 1, "learning_rate": 1e-12})
    rows = all_rows_of(tmp_path / "start")
    tokens = sum(map(len, rows))
    scratch(text_file, tmp_path / "ours", **{**fixed, "tokens": steps * tokens, "learning_rate": rate})
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "start", dtype=torch.float32)
    begin = {name: value.detach().clone() for name, value in model.named_parameters()}
    optimizer = torch.optim.AdamW(groups_of(model, rate, decay), betas=(0.9, 0.99), eps=1e-18)
    for _ in range(steps):
        optimizer.zero_grad()
        mean_loss(model, rows).backward()
        optimizer.step()
    ours = AutoModelForCausalLM.from_pretrained(tmp_path / "ours", dtype=torch.float32)
    for name, value in ours.named_parameters():
        theirs = dict(model.named_parameters())[name]
        moved = (theirs - begin[name]).norm().item()
        assert (value - theirs).norm().item() < 0.02 * moved, (name, json.dumps({"moved": moved}))
