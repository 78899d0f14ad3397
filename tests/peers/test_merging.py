"""Merged adapters against PEFT's add_weighted_adapter: the same arrays, and the same loss by the commands that search over weights."""

import json
import subprocess

import pytest
import torch
from conftest import BIN, base_of, gpt2, llama, mean_loss, relative, rows_of, tokenizer_of, train, trainer, write_model
from peft import PeftModel
from peft.utils import merge_utils
from safetensors.torch import load_file

NAMES = ("a", "b", "c")
WEIGHTS = {"a": 0.7, "b": 0.4, "c": 1.3}
RULES = ("linear", "ties", "magnitude_prune", "cat")


@pytest.fixture(scope="module", params=[llama, gpt2], ids=["llama", "gpt2"])
def place(request, tmp_path_factory):
    """A model and three adapters of one rank, with other values and, of the last, other layers."""
    folder = tmp_path_factory.mktemp("merging")
    torch.manual_seed(1)
    write_model(request.param(), folder / "model")
    text = folder / "texts.jsonl"
    text.write_text("".join(json.dumps({"text": sentence}) + "\n" for sentence in ("The whale was white.", "Sums: 1 + 1 = 2, 2 + 2 = 4.", "A peg turns, a string tightens.") * 4))
    for seed, name in enumerate(NAMES):
        train(folder / "model", text, folder / name, method="lora", rank=4, scale=3.0 - seed, target="all" if name != "c" else "attention", learning_rate=2e-2, tokens=3000, batch_size=4, seed=seed)
    return folder


def merge(place, output, as_="adapter", weights=WEIGHTS, **fields):
    config = {"model": str(place / "model"), "adapters": {name: str(place / name) for name in NAMES}, "adapter_weights": weights, "output": str(output), "result": as_, **fields}
    trainer("merge", "--json-config", json.dumps(config), json_result=False)
    return load_file(output / ("adapter_model.safetensors" if as_ == "adapter" else "model.safetensors"))


def peft_of(place, weights=WEIGHTS, **options):
    model = PeftModel.from_pretrained(base_of(place / "model"), place / "a", adapter_name="a")
    for name in NAMES[1:]:
        model.load_adapter(place / name, adapter_name=name)
    model.add_weighted_adapter(list(NAMES), [weights[name] for name in NAMES], "merged", **options)
    model.set_adapter("merged")
    return model


def arrays_of(model, folder):
    model.save_pretrained(folder, selected_adapters=["merged"])
    return load_file(folder / "merged" / "adapter_model.safetensors")


def assert_same(ours, theirs, tolerance=1e-5):
    assert ours.keys() == theirs.keys()
    for name in theirs:
        assert relative(ours[name], theirs[name]) < tolerance, name


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("density", [0.3, 1.0])
def test_a_rule_gives_pefts_arrays(rule, density, place, tmp_path):
    thins = rule in ("ties", "magnitude_prune")
    ours = merge(place, tmp_path / "ours", merge=rule, **({"merge_density": density} if thins else {}))
    theirs = arrays_of(peft_of(place, combination_type=rule, density=density), tmp_path / "theirs")
    assert_same(ours, theirs)


@pytest.mark.parametrize("rule", ["linear", "ties", "cat", "svd"])
def test_weights_may_be_negative(rule, place, tmp_path):
    weights = {"a": 0.7, "b": -0.4, "c": 1.3}
    ours = merge(place, tmp_path / "ours", merge=rule, weights=weights)
    theirs = arrays_of(peft_of(place, weights=weights, combination_type=rule, density=0.5), tmp_path / "theirs")
    for key in [key for key in ours if "lora_A" in key]:
        other = key.replace("lora_A", "lora_B")
        assert relative(ours[other] @ ours[key], theirs[other] @ theirs[key]) < 1e-5, key


def test_signs_may_be_counted(place, tmp_path):
    ours = merge(place, tmp_path / "ours", merge="ties", merge_density=0.4, merge_sign="frequency")
    theirs = arrays_of(peft_of(place, combination_type="ties", density=0.4, majority_sign_method="frequency"), tmp_path / "theirs")
    assert_same(ours, theirs)


@pytest.mark.parametrize("rule", ["dare_linear", "dare_ties"])
def test_dare_without_loss_of_values_gives_pefts_arrays(rule, place, tmp_path):
    ours = merge(place, tmp_path / "ours", merge=rule, merge_density=1.0)
    assert_same(ours, arrays_of(peft_of(place, combination_type=rule, density=1.0), tmp_path / "theirs"))


@pytest.mark.parametrize("rule", ["dare_linear", "dare_ties"])
def test_dare_with_our_masks_gives_pefts_arrays(rule, place, tmp_path, monkeypatch):
    """PEFT draws its masks from PyTorch's generator and we from keys, so PEFT is given ours. They are seen where one adapter has weight 1 and the others 0."""
    density, alone = 0.4, {}
    for name in NAMES:
        alone[name] = merge(place, tmp_path / name, merge="dare_linear", merge_density=density, weights={other: float(other == name) for other in NAMES})
    ours = merge(place, tmp_path / "ours", merge=rule, merge_density=density)
    own = {name: load_file(place / name / "adapter_model.safetensors") for name in NAMES}
    masks = {(name, key): (alone[name][key] != 0).float() for name in NAMES for key in own[name]}
    kept = torch.cat([mask.flatten() for (name, key), mask in masks.items() if own[name][key].count_nonzero() == own[name][key].numel()])
    assert abs(kept.mean().item() - density) < 6 * (density * (1 - density) / kept.numel()) ** 0.5
    known = [(own[name][key], mask) for (name, key), mask in masks.items()]

    def pruned(tensor, density, rescale):
        mask = next(mask for values, mask in known if values.shape == tensor.shape and torch.equal(values, tensor))
        return tensor * mask / density

    monkeypatch.setattr(merge_utils, "random_pruning", pruned)
    assert_same(ours, arrays_of(peft_of(place, combination_type=rule, density=density), tmp_path / "theirs"))


@pytest.mark.parametrize("rule,density", [("svd", None), ("ties_svd", 0.5), ("magnitude_prune_svd", 0.5), ("dare_linear_svd", 1.0), ("dare_ties_svd", 1.0)])
def test_rules_on_updates_give_pefts_updates(rule, density, place, tmp_path):
    """Singular vectors have no sign, so what is compared is B A."""
    ours = merge(place, tmp_path / "ours", merge=rule, merge_rank=6, **({"merge_density": density} if density else {}))
    theirs = arrays_of(peft_of(place, combination_type=rule, density=density, svd_rank=6), tmp_path / "theirs")
    assert ours.keys() == theirs.keys()
    for key in [key for key in ours if "lora_A" in key]:
        other = key.replace("lora_A", "lora_B")
        assert relative(ours[other] @ ours[key], theirs[other] @ theirs[key]) < 1e-5, key


def test_a_merged_model_has_the_loss_of_pefts(place, tmp_path):
    merge(place, tmp_path / "model", as_="model", merge="ties", merge_density=0.5)
    rows = rows_of(place / "model")
    with torch.no_grad():
        ours = mean_loss(base_of(tmp_path / "model"), rows).item()
        theirs = mean_loss(peft_of(place, combination_type="ties", density=0.5), rows).item()
        before = mean_loss(base_of(place / "model"), rows).item()
    assert abs(ours - theirs) < 1e-5 * theirs
    assert abs(ours - before) > 1e-3


def test_the_command_merges_in_the_order_of_its_flags(place, tmp_path):
    done = subprocess.run([f"{BIN}/pegbox", "merge", "--model", place / "model", "--adapter", place / "c", "--adapter", place / "a", "--weights", "0.2,0.9", "--method", "cat", "--as", "adapter",
                           "-o", tmp_path / "both"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    ours = load_file(tmp_path / "both" / "adapter_model.safetensors")
    theirs = merge(place, tmp_path / "other", merge="cat", weights={"a": 0.9, "c": 0.2})
    for key in [key for key in theirs if "lora_A" in key]:
        other = key.replace("lora_A", "lora_B")
        assert relative(ours[other] @ ours[key], theirs[other] @ theirs[key]) < 1e-5, key
    PeftModel.from_pretrained(base_of(place / "model"), tmp_path / "both")


def test_a_study_over_weights_trains_nothing_and_judges_pefts_models(place, tmp_path):
    """Each trial is one evaluation, whose loss is that of PEFT's adapter with the weights that were drawn."""
    text = place / "texts.jsonl"
    study = {"name": "weights", "trial": {"trainer": {"method": "merge", "model": str(place / "model"), "adapters": {name: str(place / name) for name in NAMES}, "data": {"validation": str(text)}, "sequence_length": 128}},
             "space": {"adapter_weights": {"simplex": list(NAMES)}, "merge": {"choice": ["linear", "ties"]}, "merge_density": {"range": [0.1, 1.0], "when": {"merge": "ties"}}},
             "objective": {"minimize": "validation_loss"}, "budget": {"trials": 8}}
    (tmp_path / "study.yaml").write_text(json.dumps(study))
    run = lambda *arguments: subprocess.run([f"{BIN}/pegbox", *arguments, "--store", str(tmp_path / "store.db")], cwd=tmp_path, capture_output=True, text=True)
    done = run("tune", "study.yaml")
    assert done.returncode == 0, done.stderr
    tokenizer = tokenizer_of(place / "model")
    rows = [tokenizer(json.loads(line)["text"])["input_ids"] + [tokenizer.eos_token_id] for line in text.read_text().splitlines()]
    trials = json.loads(run("export", "weights", "--to", "json").stdout)["trials"]
    assert len(trials) == 8 and {trial["config"]["merge"] for trial in trials} == {"linear", "ties"}
    losses = []
    for trial in trials:
        config, losses = trial["config"], [*losses, trial["metrics"]["validation_loss"]]
        assert trial["metrics"]["steps"] == 0
        peft = peft_of(place, weights={name: config[f"adapter_weights.{name}"] for name in NAMES}, combination_type=config["merge"], density=config.get("merge_density"))
        with torch.no_grad():
            assert abs(losses[-1] - mean_loss(peft, rows).item()) < 1e-5 * losses[-1], config
    assert max(losses) - min(losses) > 1e-3
