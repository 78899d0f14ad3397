"""Training against PyTorch and PEFT: what pegbox writes loads there with the same loss, and its steps are the same steps."""

import json

import torch
from conftest import mean_loss, rows_of, train, trainer
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer


def test_an_adapter_loads_in_peft_with_the_same_loss(model_folder, text_file, tmp_path):
    ours = train(model_folder, text_file, tmp_path / "adapter", method="lora", rank=4, scale=2.0, learning_rate=3e-3, tokens=4000, batch_size=4)
    base = AutoModelForCausalLM.from_pretrained(model_folder, dtype=torch.float32)
    before = mean_loss(base, rows_of(model_folder)).item()
    model = PeftModel.from_pretrained(base, tmp_path / "adapter")
    with torch.no_grad():
        loss = mean_loss(model, rows_of(model_folder)).item()
    assert loss < before - 0.1
    assert abs(ours["validation_loss"] - loss) < 1e-4 * loss


def test_a_merged_model_is_the_adapter_and_its_base(model_folder, text_file, tmp_path):
    train(model_folder, text_file, tmp_path / "adapter", method="lora", rank=4, scale=2.0, learning_rate=3e-3, tokens=4000, batch_size=4)
    trainer("merge", "--model", model_folder, "--adapter", tmp_path / "adapter", "--output", tmp_path / "merged", json_result=False)
    merged = AutoModelForCausalLM.from_pretrained(tmp_path / "merged", dtype=torch.float32)
    model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(model_folder, dtype=torch.float32), tmp_path / "adapter")
    ids = torch.tensor([rows_of(model_folder)[2]])
    with torch.no_grad():
        ours, theirs = merged(input_ids=ids).logits, model(input_ids=ids).logits
    assert ((ours - theirs).norm() / theirs.norm()).item() < 1e-4
    assert AutoTokenizer.from_pretrained(tmp_path / "merged")("a peg")["input_ids"] == AutoTokenizer.from_pretrained(model_folder)("a peg")["input_ids"]


def test_full_batch_steps_of_adamw_equal_pytorch(model_folder, text_file, tmp_path):
    """With every row in one batch the order does not matter, so ten steps of full fine-tuning must give PyTorch's weights."""
    rows = rows_of(model_folder)
    tokens = sum(map(len, rows))
    train(model_folder, text_file, tmp_path / "tuned", method="full", learning_rate=1e-3, tokens=10 * tokens, batch_size=len(rows), weight_decay=0.1,
          schedule="constant", warmup_fraction=0, clip=1.0, beta2=0.99, dropout=0)
    model = AutoModelForCausalLM.from_pretrained(model_folder, dtype=torch.float32)
    matrices = [p for p in model.parameters() if p.dim() >= 2]
    vectors = [p for p in model.parameters() if p.dim() < 2]
    optimizer = torch.optim.AdamW([{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0}], lr=1e-3, betas=(0.9, 0.99), eps=1e-8)
    for _ in range(10):
        optimizer.zero_grad()
        mean_loss(model, rows).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    ours = AutoModelForCausalLM.from_pretrained(tmp_path / "tuned", dtype=torch.float32)
    with torch.no_grad():
        assert abs(mean_loss(ours, rows).item() - mean_loss(model, rows).item()) < 2e-4
    for (name, a), (_, b) in zip(ours.named_parameters(), model.named_parameters()):
        assert ((a - b).norm() / b.norm()).item() < 2e-3, name


def test_fresh_adapters_change_nothing_and_have_pefts_shapes(model_folder, text_file, tmp_path):
    train(model_folder, text_file, tmp_path / "adapter", method="lora", rank=4, scale=2.0, learning_rate=1e-12, tokens=1, batch_size=1)
    ours = load_file(tmp_path / "adapter" / "adapter_model.safetensors")
    config = json.load(open(tmp_path / "adapter" / "adapter_config.json"))
    base = AutoModelForCausalLM.from_pretrained(model_folder, dtype=torch.float32)
    peft = get_peft_model(base, LoraConfig(r=4, lora_alpha=8, target_modules=config["target_modules"], fan_in_fan_out=config.get("fan_in_fan_out", False), task_type="CAUSAL_LM"))
    theirs = {name.replace(".default", ""): p for name, p in peft.named_parameters() if "lora_" in name}
    assert {name: tuple(t.shape) for name, t in ours.items()} == {name: tuple(t.shape) for name, t in theirs.items()}
    for name, tensor in ours.items():
        if "lora_B" in name:
            assert tensor.abs().max() < 1e-9
        else:  # Kaiming uniform with a = sqrt 5: bound 1 / sqrt(fan in)
            bound = tensor.shape[1] ** -0.5
            assert tensor.abs().max() <= bound * (1 + 1e-6) and abs(tensor.std() - bound / 3**0.5) < 0.25 * bound


def test_a_model_from_scratch_loads_in_transformers(text_file, tmp_path):
    for shape in ("llama", "gpt2"):
        folder = tmp_path / shape
        ours = train("", text_file, folder, method="scratch", shape=shape, layers=2, heads=4, width=64, tokens=6000, batch_size=4, vocabulary=400, learning_rate=3e-3)
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
        with torch.no_grad():
            loss = mean_loss(model, rows_of(folder)).item()
        assert abs(ours["validation_loss"] - loss) < 1e-4 * loss
