"""Methods against PEFT: adapters load there with the same loss, and steps from the same first values are the same steps."""

import json

import bitsandbytes.functional as functional
import pytest
import torch
from conftest import base_of, gpt2, llama, mean_loss, rows_of, train, trainer, write_model
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file

LORA = {"method": "lora", "rank": 4, "scale": 2.0}
METHODS = {
    "rslora": {**LORA, "rslora": True},
    "dora": {**LORA, "dora": True},
    "gaussian": {**LORA, "lora_start": "gaussian", "target": "attention"},
    "pissa": {**LORA, "lora_start": "pissa"},
    "olora": {**LORA, "lora_start": "olora", "rslora": True},
    "ia3": {"method": "ia3"},
    "prompt": {"method": "prompt", "virtual_tokens": 5},
    "prefix": {"method": "prefix", "virtual_tokens": 5},
}
RATE = {"ia3": 3e-2, "prompt": 3e-2, "prefix": 3e-2}


@pytest.mark.parametrize("name", METHODS)
def test_an_adapter_loads_in_peft_with_the_same_loss(name, model_folder, text_file, tmp_path):
    ours = train(model_folder, text_file, tmp_path / "adapter", **METHODS[name], learning_rate=RATE.get(name, 3e-3), tokens=4000, batch_size=4)
    base = base_of(model_folder)
    with torch.no_grad():
        before = mean_loss(base, rows_of(model_folder)).item()
        loss = mean_loss(PeftModel.from_pretrained(base, tmp_path / "adapter"), rows_of(model_folder)).item()
    assert abs(loss - before) > 0.01
    assert abs(ours["validation_loss"] - loss) < 1e-4 * loss


@pytest.mark.parametrize("name", ["rslora", "dora", "gaussian", "ia3", "prompt", "prefix"])
def test_ten_steps_from_the_same_first_values_are_pefts(name, model_folder, text_file, tmp_path):
    """With every row in one batch the order does not matter. The first values are ours: an adapter after one step of no length."""
    rows, rate = rows_of(model_folder), RATE.get(name, 3e-3)
    tokens = sum(map(len, rows))
    steps = dict(batch_size=len(rows), schedule="constant", warmup_fraction=0, clip=1.0, weight_decay=0, beta2=0.99)
    train(model_folder, text_file, tmp_path / "fresh", **METHODS[name], **steps, learning_rate=1e-12, tokens=1)
    train(model_folder, text_file, tmp_path / "tuned", **METHODS[name], **steps, learning_rate=rate, tokens=10 * tokens)
    virtual = name in ("prompt", "prefix")  # PEFT refuses to load these to be trained
    model = PeftModel.from_pretrained(base_of(model_folder), tmp_path / "fresh", is_trainable=not virtual)
    if virtual:
        model.prompt_encoder.requires_grad_(True)
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=rate, betas=(0.9, 0.99), eps=1e-8, weight_decay=0)
    for _ in range(10):
        optimizer.zero_grad()
        mean_loss(model, rows).backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
    ours = PeftModel.from_pretrained(base_of(model_folder), tmp_path / "tuned")
    with torch.no_grad():
        assert abs(mean_loss(ours, rows).item() - mean_loss(model, rows).item()) < 5e-4
    model.save_pretrained(tmp_path / "theirs")
    theirs = load_file(tmp_path / "theirs" / "adapter_model.safetensors")
    for key, tensor in load_file(tmp_path / "tuned" / "adapter_model.safetensors").items():
        assert ((tensor - theirs[key]).norm() / theirs[key].norm()).item() < 1e-2, key


@pytest.mark.parametrize("start", ["pissa", "olora"])
def test_first_factors_are_pefts(start, model_folder, text_file, tmp_path):
    train(model_folder, text_file, tmp_path / "adapter", **LORA, lora_start=start, learning_rate=1e-12, tokens=1, batch_size=1)
    ours = load_file(tmp_path / "adapter" / "adapter_model.safetensors")
    config = json.load(open(tmp_path / "adapter" / "adapter_config.json"))
    if start == "olora" and config["fan_in_fan_out"]:
        pytest.skip("PEFT's OLoRA takes GPT-2's transposed matrices as they lie, so that its factors do not fit the layer")
    peft = get_peft_model(base_of(model_folder), LoraConfig(r=4, lora_alpha=8, target_modules=config["target_modules"], init_lora_weights=start, task_type="CAUSAL_LM",
                                                            fan_in_fan_out=config["fan_in_fan_out"]))
    theirs = {name.replace(".default", ""): p.detach() for name, p in peft.named_parameters() if "lora_" in name}
    for name in theirs:
        if "lora_A" not in name:
            continue
        other = name.replace("lora_A", "lora_B")
        mine, peers = ours[other][:, :4] @ ours[name][:4], theirs[other] @ theirs[name]
        assert ((mine - peers).norm() / peers.norm()).item() < 1e-4, name


@pytest.mark.parametrize("name", ["dora", "ia3", "pissa"])
def test_a_merged_model_is_the_adapter_and_its_base(name, model_folder, text_file, tmp_path):
    train(model_folder, text_file, tmp_path / "adapter", **METHODS[name], learning_rate=RATE.get(name, 3e-3), tokens=4000, batch_size=4)
    trainer("merge", "--model", model_folder, "--adapter", tmp_path / "adapter", "--output", tmp_path / "merged", json_result=False)
    ids = torch.tensor([rows_of(model_folder)[2]])
    with torch.no_grad():
        ours = base_of(tmp_path / "merged")(input_ids=ids).logits
        theirs = PeftModel.from_pretrained(base_of(model_folder), tmp_path / "adapter")(input_ids=ids).logits
    assert ((ours - theirs).norm() / theirs.norm()).item() < 1e-4


@pytest.mark.parametrize("make", [lambda: llama(hidden_size=64, intermediate_size=128), lambda: gpt2(n_embd=64)], ids=["llama", "gpt2"])
def test_four_bit_values_are_those_of_bitsandbytes(make, text_file, tmp_path):
    """Of rows of whole blocks: its CPU code takes no others right. It scales the blocks of each matrix together, and pegbox those of matrices that share their input."""
    torch.manual_seed(1)
    model_folder = write_model(make(), tmp_path / "model")
    train(model_folder, text_file, tmp_path / "adapter", method="qlora", rank=4, learning_rate=1e-12, tokens=1, batch_size=1)
    trainer("merge", "--model", model_folder, "--adapter", tmp_path / "adapter", "--output", tmp_path / "merged", json_result=False)
    merged, base = base_of(tmp_path / "merged").state_dict(), base_of(model_folder).state_dict()
    changed = [name for name in base if not torch.equal(merged[name], base[name])]
    assert changed and all(base[name].dim() == 2 for name in changed)
    for name in changed:
        weight = base[name].T if ".h." in name else base[name]  # GPT-2 keeps its linear layers transposed
        ours = merged[name].T if ".h." in name else merged[name]
        codes, state = functional.quantize_4bit(weight.contiguous(), blocksize=64, quant_type="nf4", compress_statistics=True)
        theirs = functional.dequantize_4bit(codes, state)
        assert ((ours - theirs).norm() / theirs.norm()).item() < 5e-3, name
