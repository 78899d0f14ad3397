"""Families of models against transformers and PEFT: the same numbers from the same files, forth and back."""

import json

import pytest
import torch
import transformers
from conftest import SENTENCES, base_of, mean_loss, reference, relative, tokenizer_of, train, trainer, write_model
from conftest import rows_of as all_rows_of
from peft import PeftModel
from safetensors.torch import load_file
from transformers import AutoConfig

WINDOW = 7  # far shorter than the sentences
SIZES = dict(vocab_size=400, hidden_size=32, intermediate_size=56, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=256,
             bos_token_id=0, eos_token_id=0, pad_token_id=0)


def model_of(name, **changes):
    config = getattr(transformers, f"{name}Config" if name != "Gemma3" else "Gemma3TextConfig")
    return getattr(transformers, f"{name}ForCausalLM")(config(**{**SIZES, **changes}))


QWEN_WINDOW = dict(use_sliding_window=True, sliding_window=WINDOW, max_window_layers=1)
FAMILIES = {
    "mistral": lambda: model_of("Mistral", sliding_window=WINDOW, head_dim=12),
    "mistral_all": lambda: model_of("Mistral", sliding_window=None),
    "qwen2": lambda: model_of("Qwen2", tie_word_embeddings=True),
    "qwen2_window": lambda: model_of("Qwen2", **QWEN_WINDOW),
    "qwen3": lambda: model_of("Qwen3", head_dim=16, attention_bias=True, **QWEN_WINDOW),
    "gemma": lambda: model_of("Gemma", head_dim=16),
    "gemma2": lambda: model_of("Gemma2", head_dim=16, sliding_window=WINDOW, query_pre_attn_scalar=24, attn_logit_softcapping=2.0, final_logit_softcapping=3.0),
    "gemma3": lambda: model_of("Gemma3", head_dim=16, sliding_window=WINDOW, query_pre_attn_scalar=24, layer_types=["sliding_attention", "full_attention"]),
    "arcee": lambda: model_of("Arcee"),
    "stablelm": lambda: model_of("StableLm", use_qkv_bias=True, rope_parameters={"rope_type": "default", "rope_theta": 1e4, "partial_rotary_factor": 0.5}),
    "starcoder2": lambda: model_of("Starcoder2", sliding_window=WINDOW),
}
ROTATIONS = {
    "linear": ("Qwen3", {"rope_type": "linear", "factor": 4.0}),
    "llama3": ("Llama", {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 64}),
    "yarn": ("Qwen2", {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 64}),
    "yarn_factors": ("Llama", {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 64, "beta_fast": 8, "beta_slow": 2, "attention_factor": 1.3}),
    "gemma3": ("Gemma3", {"rope_type": "linear", "factor": 8.0}),
}
STEPS = dict(batch_size=len(SENTENCES), schedule="constant", warmup_fraction=0, clip=1.0, weight_decay=0, beta2=0.99)


def rows_of(folder):
    """Each sentence once: the file has all of them as often, so that means are the same."""
    return all_rows_of(folder)[: len(set(SENTENCES))]


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Model folders by family, each written once."""
    made = {}

    def folder(name):
        if name not in made:
            torch.manual_seed(1)
            made[name] = write_model(FAMILIES[name](), tmp_path_factory.mktemp(name) / "model")
        return made[name]

    return folder


@pytest.mark.parametrize("name", FAMILIES)
def test_logits_loss_and_gradients_equal_transformers(name, folders, text_file, tmp_path):
    folder = folders(name)
    trainer("probe", "--model", folder, "--data", text_file, "--output", tmp_path / "probe.safetensors", "--rows", 7, "--sequence_length", 128)
    ours = load_file(tmp_path / "probe.safetensors")
    rows = rows_of(folder)
    assert max(map(len, rows)) > 4 * WINDOW
    loss, logits, gradients = reference(folder, rows)
    assert relative(ours["logits"], logits) < 1e-4
    assert abs(ours["loss"].item() - loss) < 1e-4 * loss
    compared = {key.removeprefix("gradient."): value for key, value in ours.items() if key.startswith("gradient.")}
    assert set(compared) == set(gradients)
    scale = max(gradient.norm() for gradient in gradients.values())
    for key, gradient in gradients.items():
        if gradient.norm() > 1e-5 * scale:  # biases of keys have no gradient but rounding
            assert relative(compared[key], gradient) < 3e-4, key
        else:
            assert compared[key].norm() < 1e-5 * scale, key


@pytest.mark.parametrize("name", FAMILIES)
def test_a_trained_model_is_written_as_transformers_reads_it(name, folders, text_file, tmp_path):
    folder = folders(name)
    ours = train(folder, text_file, tmp_path / "tuned", method="full", learning_rate=3e-4, tokens=3000, batch_size=4)
    rows = rows_of(folder)
    with torch.no_grad():
        before, after = mean_loss(base_of(folder), rows).item(), mean_loss(base_of(tmp_path / "tuned"), rows).item()
    assert after < before - 0.05
    assert abs(ours["validation_loss"] - after) < 1e-4 * after
    a, b = AutoConfig.from_pretrained(folder).to_dict(), AutoConfig.from_pretrained(tmp_path / "tuned").to_dict()
    assert {key for key in a | b if a.get(key) != b.get(key)} <= {"_name_or_path", "dtype", "torch_dtype"}
    assert set(load_file(tmp_path / "tuned" / "model.safetensors")) == set(load_file(folder / "model.safetensors"))


@pytest.mark.parametrize("name", FAMILIES)
def test_greedy_continuations_equal_transformers(name, folders):
    prompt = "It is a truth universally acknowledged"
    ours = trainer("predict", "--model", folders(name), "--prompt", prompt, "--most_tokens", 24, "--json")
    tokenizer = tokenizer_of(folders(name))
    ids = torch.tensor([tokenizer(prompt)["input_ids"]])
    out = base_of(folders(name)).generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=24, do_sample=False)
    assert ids.shape[1] > WINDOW
    assert ours["text"] == tokenizer.decode(out[0, ids.shape[1]:], skip_special_tokens=True)


@pytest.mark.parametrize("name", ["qwen3", "gemma3"])
def test_steps_of_lora_are_pefts(name, folders, text_file, tmp_path):
    """With every row in one batch the order does not matter, so the steps are PEFT's if every gradient is."""
    folder, rows = folders(name), rows_of(folders(name))
    fields = dict(method="lora", rank=4, scale=2.0, **STEPS)
    train(folder, text_file, tmp_path / "fresh", **fields, learning_rate=1e-12, tokens=1)
    train(folder, text_file, tmp_path / "tuned", **fields, learning_rate=3e-3, tokens=5 * sum(map(len, all_rows_of(folder))))
    model = PeftModel.from_pretrained(base_of(folder), tmp_path / "fresh", is_trainable=True)
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=3e-3, betas=(0.9, 0.99), eps=1e-8, weight_decay=0)
    for _ in range(5):
        optimizer.zero_grad()
        mean_loss(model, rows).backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
    model.save_pretrained(tmp_path / "theirs")
    theirs = load_file(tmp_path / "theirs" / "adapter_model.safetensors")
    ours = load_file(tmp_path / "tuned" / "adapter_model.safetensors")
    assert set(ours) == set(theirs)
    for key, tensor in ours.items():
        assert relative(tensor, theirs[key]) < 1e-2, key


@pytest.mark.parametrize("name,fields", [("mistral", {"method": "prefix", "virtual_tokens": 4}), ("gemma3", {"method": "prompt", "virtual_tokens": 4}),
                                         ("qwen2", {"method": "ia3"}), ("starcoder2", {"method": "lora", "rank": 4}),  ("gemma2", {"method": "lora", "rank": 4}), ("qwen3", {"method": "lora", "rank": 4, "dora": True})])
def test_adapters_load_in_peft_with_the_same_loss(name, fields, folders, text_file, tmp_path):
    ours = train(folders(name), text_file, tmp_path / "adapter", **fields, learning_rate=1e-2, tokens=3000, batch_size=4)
    base, rows = base_of(folders(name)), rows_of(folders(name))
    with torch.no_grad():
        before = mean_loss(base, rows).item()
        loss = mean_loss(PeftModel.from_pretrained(base, tmp_path / "adapter"), rows).item()
    assert abs(loss - before) > 0.01
    assert abs(ours["validation_loss"] - loss) < 1e-4 * loss


@pytest.mark.parametrize("name,method", [("gemma2", "lora"), ("qwen3", "qlora")])
def test_a_merged_model_answers_as_the_adapter_on_its_base(name, method, folders, text_file, tmp_path):
    ours = train(folders(name), text_file, tmp_path / "adapter", method=method, rank=4, learning_rate=3e-3, tokens=3000, batch_size=4)
    trainer("merge", "--model", folders(name), "--adapter", tmp_path / "adapter", "--output", tmp_path / "merged", json_result=False)
    with torch.no_grad():
        loss = mean_loss(base_of(tmp_path / "merged"), rows_of(folders(name))).item()
    assert abs(ours["validation_loss"] - loss) < 1e-4 * loss


@pytest.mark.parametrize("name", ROTATIONS)
@pytest.mark.parametrize("written_by", [4, 5])
def test_rotations_are_those_of_transformers_in_both_forms(name, written_by, text_file, tmp_path):
    torch.manual_seed(2)
    model, rope = ROTATIONS[name]
    gemma = {"head_dim": 16, "sliding_window": WINDOW, "layer_types": ["sliding_attention", "full_attention"]}
    five = {"full_attention": {"rope_theta": 1e5, **rope}, "sliding_attention": {"rope_type": "default", "rope_theta": 500.0}} if model == "Gemma3" else {"rope_theta": 1e5, **rope}
    folder = write_model(model_of(model, rope_parameters=five, **(gemma if model == "Gemma3" else {})), tmp_path / "model")
    if written_by == 4:
        config = json.loads((folder / "config.json").read_text())
        del config["rope_parameters"]
        config.update(rope_theta=1e5, rope_scaling=rope)
        if model == "Gemma3":
            del config["layer_types"]
            config.update(rope_local_base_freq=500.0, sliding_window_pattern=2)
        (folder / "config.json").write_text(json.dumps(config))
    ours = trainer("evaluate", "--model", folder, "--data", text_file, "--sequence_length", 128)
    with torch.no_grad():
        loss = mean_loss(base_of(folder), rows_of(folder)).item()
    assert abs(ours["loss"] - loss) < 1e-5 * loss


@pytest.mark.parametrize("name,dtype,shard", [("qwen3", torch.bfloat16, "20KB"), ("gemma3", torch.float16, "1GB"), ("mistral", torch.bfloat16, "1GB")])
def test_half_precision_and_sharded_files_are_read(name, dtype, shard, text_file, tmp_path):
    torch.manual_seed(3)
    folder = write_model(FAMILIES[name]().to(dtype), tmp_path / "model", max_shard_size=shard)
    assert (folder / "model.safetensors.index.json").exists() == (shard == "20KB")
    ours = trainer("evaluate", "--model", folder, "--data", text_file, "--sequence_length", 128)
    with torch.no_grad():
        loss = mean_loss(base_of(folder), rows_of(folder)).item()
    assert abs(ours["loss"] - loss) < 1e-5 * loss


@pytest.mark.parametrize("fields", [{"shape": "mistral", "window": WINDOW, "kv_heads": 2}, {"shape": "qwen2", "head_dim": 24, "width": 40}, {"shape": "qwen3", "activation": "gelu_gated"},
                                    {"shape": "gemma2", "window": WINDOW, "layers": 3}, {"shape": "gemma3_text", "window": WINDOW, "layers": 7, "width": 16},
                                    {"shape": "gemma2", "head_dim": 6}, {"shape": "gemma3_text"},
                                    {"shape": "arcee", "activation": "relu"}, {"shape": "stablelm", "norm": "layer"}, {"shape": "starcoder2", "activation": "gelu", "window": WINDOW, "head_dim": 10}],
                         ids=lambda fields: fields["shape"])
def test_a_model_from_scratch_loads_in_transformers(fields, text_file, tmp_path):
    ours = train("", text_file, tmp_path / "model", **{"method": "scratch", "layers": 2, "heads": 4, "width": 32, "tokens": 3000, "batch_size": 4, "vocabulary": 400,
                                                     "learning_rate": 3e-3, **fields})
    with torch.no_grad():
        loss = mean_loss(base_of(tmp_path / "model"), rows_of(tmp_path / "model")).item()
    assert abs(ours["validation_loss"] - loss) < 1e-4 * loss
