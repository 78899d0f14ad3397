"""What a run writes besides models: curves that TensorBoard reads, and optimizer state whose 8-bit codes are those of bitsandbytes."""

import json
import math
import os
import subprocess

import pytest
import torch
from conftest import BIN, SENTENCES, gpt2, needs_bf16_products, trainer, write_tokenizer
from safetensors.torch import load_file


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    torch.manual_seed(1)
    gpt2().save_pretrained(folder)
    write_tokenizer(folder)
    (folder / "text.jsonl").write_text("".join(json.dumps({"text": text}) + "\n" for text in SENTENCES))
    return folder


def config(model, **fields):
    data = {"train": str(model / "text.jsonl"), "validation": str(model / "text.jsonl")}
    return json.dumps({"model": str(model), "data": data, "sequence_length": 128, "batch_size": 4, "learning_rate": 1e-3, "seed": 5, "threads": 2, **fields})


def first_checkpoint(model, folder, **fields):
    """The tensors of a trial's snapshot after one step, and what the worker reported of it."""
    lines = [{"start": {"trial": 1, "seed": 5, "config": {}, "until": 1, "resume": None}}]
    worker = subprocess.Popen([os.path.join(BIN, "pegbox-trainer"), "worker", "--json-config", config(model, folder=str(folder), tokens=4000, **fields)],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    worker.stdin.write("".join(json.dumps(line) + "\n" for line in lines))
    worker.stdin.flush()
    for line in worker.stdout:
        message = json.loads(line)
        assert "failed" not in message, message
        if "reached" in message:
            worker.stdin.write('{"quit": {}}\n')
            worker.stdin.close()
            worker.stdout.read()
            worker.wait(timeout=60)
            return load_file(folder / message["reached"]["checkpoint"]), message["reached"]
    raise AssertionError("the worker ended")


def curves_of(folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder), size_guidance={"scalars": 0, "tensors": 0})
    events.Reload()
    return events


def test_tensorboard_reads_every_value_of_a_run(model, tmp_path):
    result = trainer("train", "--json-config", config(model, output=str(tmp_path / "out"), tensorboard=str(tmp_path / "curves"), tokens=3000, evaluate_every=1000), "--json")
    events = curves_of(tmp_path / "curves")
    assert set(events.Tags()["scalars"]) == {"train/loss", "train/gradient_norm", "train/learning_rate", "validation_loss", "perplexity", "tokens_per_second"}
    loss, rate, validation = (events.Scalars(tag) for tag in ("train/loss", "train/learning_rate", "validation_loss"))
    assert len(loss) == result["steps"] and loss[-1].step == result["tokens"]
    assert [point.step for point in loss] == sorted({point.step for point in loss})
    assert max(point.value for point in rate) == pytest.approx(1e-3, rel=1e-6) and rate[0].value > 0
    assert [point.step // 1000 for point in validation][:3] == [1, 2, 3]
    assert validation[-1].value == pytest.approx(result["validation_loss"], rel=1e-6)
    assert events.Scalars("perplexity")[-1].value == pytest.approx(math.exp(result["validation_loss"]), rel=1e-5)
    text = events.Tensors("config")[0].tensor_proto.string_val[0].decode()
    assert "| batch_size | 4 |" in text and '| optimizer | "adamw" |' in text


def test_tensorboard_forgets_what_a_run_that_goes_on_draws_again(model, tmp_path):
    _, first = first_checkpoint(model, tmp_path / "trials", tensorboard=str(tmp_path / "curves"))
    _, second = first_checkpoint(model, tmp_path / "trials", tensorboard=str(tmp_path / "curves"))
    assert len(os.listdir(tmp_path / "curves" / "trial-1")) == 2
    points = curves_of(tmp_path / "curves" / "trial-1").Scalars("validation_loss")
    assert [point.value for point in points] == pytest.approx([second["metrics"]["validation_loss"]], rel=1e-6)
    assert first["metrics"]["validation_loss"] == second["metrics"]["validation_loss"]


@pytest.mark.parametrize("optimizer, moments", [("adamw", {"mean": True, "square": False}), ("lion", {"mean": True}), ("sgd", {"momentum": True})])
def test_the_codes_of_8_bit_state_are_those_of_bitsandbytes(model, tmp_path, optimizer, moments):
    from bitsandbytes import functional

    exact, _ = first_checkpoint(model, tmp_path / "fp32", method="full", optimizer=optimizer)
    coded, _ = first_checkpoint(model, tmp_path / "int8", method="full", optimizer=optimizer, state_precision="int8")
    compared = 0
    for moment, signed in moments.items():
        levels = functional.create_dynamic_map(signed=signed)
        for name in (name for name in exact if name.startswith("optimizer.") and name.endswith("." + moment)):
            codes, scales, values = coded[name], coded[name + ".scales"], exact[name].flatten()
            padded = torch.nn.functional.pad(values, (0, -values.numel() % 256)).view(-1, 256)
            assert torch.equal(scales, padded.abs().amax(1)), name
            back = functional.dequantize_blockwise(codes.flatten(), absmax=scales, code=levels, blocksize=256)
            ours, scale = (back - values).abs(), scales.repeat_interleave(256)[: values.numel()]
            nearest = ((values / scale.clamp_min(1e-38))[:, None] - levels[None]).abs().amin(1) * scale
            roundings = 3e-7 * scale
            assert (ours <= nearest + roundings).all(), name
            # Its own kernel for CPUs takes a level near by, which is not always the nearest.
            theirs = functional.dequantize_blockwise(*functional.quantize_blockwise(values, code=levels, blocksize=256))
            assert (ours <= (theirs - values).abs() + roundings).all(), name
            compared += values.numel()
    assert compared > 50_000


@needs_bf16_products
@pytest.mark.parametrize("method", ["lora", "adapter", "prefix", "full"])
def test_the_curve_in_bf16_is_that_in_fp32_to_a_hundredth(model, tmp_path, method):
    curves, rate = {}, 1e-3 if method == "full" else 1e-2
    for precision in ("fp32", "bf16"):
        trainer("train", "--json-config", config(model, tensorboard=str(tmp_path / precision), method=method, precision=precision, learning_rate=rate, tokens=8000, evaluate_every=1000), "--json")
        curves[precision] = {tag: [point.value for point in curves_of(tmp_path / precision).Scalars(tag)] for tag in ("train/loss", "validation_loss")}
    for tag, points in curves["fp32"].items():
        assert curves["bf16"][tag] == pytest.approx(points, rel=1e-2), tag
    assert curves["bf16"]["train/loss"] != curves["fp32"]["train/loss"]
    assert curves["bf16"]["validation_loss"][-1] < curves["bf16"]["train/loss"][0] - 0.05
