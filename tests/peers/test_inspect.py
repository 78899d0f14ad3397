"""What `pegbox-trainer inspect` sees in a model, against what transformers and PyTorch say of the same model."""

import json

import numpy as np
import pytest
import torch
from conftest import SENTENCES, base_of, gpt2, llama, rows_of, tokenizer_of, trainer, write_model, write_tokenizer


def mistral():
    from transformers import MistralConfig, MistralForCausalLM

    return MistralForCausalLM(MistralConfig(vocab_size=400, hidden_size=48, intermediate_size=88, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, sliding_window=7,
                                            max_position_embeddings=256, bos_token_id=0, eos_token_id=0, pad_token_id=0))


def relu_gpt2():
    """With units that never act, and a head that says nothing."""
    model = gpt2(n_layer=2, activation_function="relu")
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(2)
        model.transformer.h[1].mlp.c_fc.bias[5:12] = -1000
        model.transformer.h[0].attn.c_proj.weight[12:24] = 0
    return model


SHAPES = {"llama": lambda: llama(num_hidden_layers=2), "gpt2": lambda: gpt2(n_layer=2), "mistral": mistral, "relu": relu_gpt2}


@pytest.fixture(params=SHAPES, ids=str, scope="module")
def seen(request, tmp_path_factory):
    """(model, rows, what pegbox sees)"""
    folder = tmp_path_factory.mktemp(request.param)
    torch.manual_seed(4)
    if request.param == "relu":  # as it is: write_model would give its zeros a value
        SHAPES[request.param]().save_pretrained(folder)
        write_tokenizer(folder)
    else:
        write_model(SHAPES[request.param](), folder)
    data = folder / "texts.jsonl"
    data.write_text("".join(json.dumps({"text": sentence}) + "\n" for sentence in SENTENCES))
    ours = trainer("inspect", "--model", folder, "--data", data, "--inspect_tokens", 10**6, "--removal_tokens", 10**6)
    model = base_of(folder)
    model.requires_grad_(False)
    return model, folder, rows_of(folder), ours


def parts(model):
    """Of each layer: (layer, attention, projection behind its heads, feed-forward network, projection behind its units)"""
    if hasattr(model, "transformer"):
        return [(layer, layer.attn, layer.attn.c_proj, layer.mlp, layer.mlp.c_proj) for layer in model.transformer.h]
    return [(layer, layer.self_attn, layer.self_attn.o_proj, layer.mlp, layer.mlp.down_proj) for layer in model.model.layers]


def first(output):
    return output[0] if isinstance(output, tuple) else output


def losses_of(model, row):
    ids = torch.tensor([row])
    return torch.nn.functional.cross_entropy(model(input_ids=ids).logits[0, :-1], ids[0, 1:], reduction="none")


def attentions_of(model, row):
    return [layer[0].double().numpy() for layer in model(input_ids=torch.tensor([row]), output_attentions=True).attentions]


def test_attention_patterns_are_transformers(seen):
    model, _, rows, ours = seen
    window = getattr(model.config, "sliding_window", None) or 10**9
    sums, queries = None, 0
    for row in rows:
        one = []
        for shares in attentions_of(model, row):
            at = np.arange(len(row))
            logs = np.where(shares > 0, np.log(np.where(shares > 0, shares, 1)), 0)
            entropy = -(shares * logs).sum(-1)[:, 1:]
            limit = np.log(np.minimum(at + 1, window))[1:]
            one.append([entropy.sum(1), (entropy / limit).sum(1), (at[1:] - (shares @ at)[:, 1:]).sum(1), shares[:, 1:, 0].sum(1), shares[:, at[1:], at[:-1]].sum(1)])
        sums = np.array(one) + (0 if sums is None else sums)
        queries += len(row) - 1
    names = ["entropy", "relative_entropy", "distance", "first_share", "previous_share"]
    for layer, theirs in enumerate(sums / queries):
        for name, values in zip(names, theirs):
            np.testing.assert_allclose([head[name] for head in ours["layers"][layer]["heads"]], values, rtol=1e-5, atol=1e-5, err_msg=f"{name} in layer {layer}")


def test_rollout_is_the_product_of_the_layers(seen):
    model, _, rows, ours = seen
    shares, distances = np.zeros(2), np.zeros(2)
    for number, row in enumerate(rows):
        relevance = np.eye(len(row))
        for layer, attention in enumerate(attentions_of(model, row)):
            relevance = (0.5 * attention.mean(0) + 0.5 * np.eye(len(row))) @ relevance
            shares[layer] += relevance[1:, 0].sum()
            distances[layer] += (np.arange(len(row)) - relevance @ np.arange(len(row)))[1:].sum()
        if number == 0:
            np.testing.assert_allclose(ours["rollout"]["relevance"], relevance[-1], rtol=1e-4, atol=1e-6)
            assert ours["rollout"]["tokens"] == row and len(ours["rollout"]["pieces"]) == len(row)
    queries = sum(len(row) - 1 for row in rows)
    np.testing.assert_allclose([layer["rollout_first_share"] for layer in ours["layers"]], shares / queries, rtol=1e-5)
    np.testing.assert_allclose([layer["rollout_distance"] for layer in ours["layers"]], distances / queries, rtol=1e-5)


def test_induction_is_measured_on_repeated_tokens(seen):
    model, _, _, ours = seen
    period = len(ours["induction_texts"][0])
    shares = [np.zeros(4), np.zeros(4)]
    for text in ours["induction_texts"]:
        for layer, attention in enumerate(attentions_of(model, text + text)):
            at = np.arange(period, 2 * period)
            shares[layer] += attention[:, at, at - period + 1].mean(1) / len(ours["induction_texts"])
    for layer in range(2):
        np.testing.assert_allclose([head["induction_share"] for head in ours["layers"][layer]["heads"]], shares[layer], rtol=1e-4, atol=1e-6)


def test_the_stream_and_what_is_added_to_it(seen):
    model, _, rows, ours = seen
    kinds = ["stream", "attention_adds", "feed_forward_adds"]
    squares = {(layer, kind): 0.0 for layer in range(2) for kind in kinds}
    largest, peaks, units = [0, 0], [0, 0], [0.0, 0.0]

    def note(layer, kind):
        def hook(_, __, output):
            squares[layer, kind] += first(output).double().square().sum().item()

        return hook

    def note_units(layer):
        def hook(_, inputs):
            units[layer] += inputs[0].double().square().sum().item()
            peaks[layer] = np.maximum(peaks[layer], inputs[0][0].abs().amax(0).numpy())

        return hook

    handles = []
    for layer, (_, attention, _, feed, down) in enumerate(parts(model)):
        handles += [attention.register_forward_hook(note(layer, "attention_adds")), feed.register_forward_hook(note(layer, "feed_forward_adds")), down.register_forward_pre_hook(note_units(layer))]
    for row in rows:
        for layer, hidden in enumerate(model(input_ids=torch.tensor([row]), output_hidden_states=True).hidden_states[:2]):
            squares[layer, "stream"] += hidden.double().square().sum().item()
            largest[layer] = max(largest[layer], hidden.abs().max().item())
    for handle in handles:
        handle.remove()
    tokens = sum(map(len, rows))
    for layer, kind in squares:
        assert ours["layers"][layer][kind] == pytest.approx((squares[layer, kind] / tokens / 48) ** 0.5, rel=1e-5), (layer, kind)
    for layer in range(2):
        assert ours["layers"][layer]["stream_largest"] == pytest.approx(largest[layer], rel=1e-5)
        has_zeros = getattr(model.config, "activation_function", "") == "relu"
        below = 0 if has_zeros else 0.01 * (units[layer] / tokens / len(peaks[layer])) ** 0.5
        assert ours["layers"][layer]["dead_units"] == (peaks[layer] <= below).sum()
        assert ours["layers"][layer]["dead_below"] == pytest.approx(below, rel=1e-5)
        if has_zeros and layer == 1:
            assert ours["layers"][layer]["dead_units"] >= 7


def test_gradients_of_gates_and_of_the_stream_are_pytorchs(seen):
    model, _, rows, ours = seen
    gates = torch.ones(2, 4, requires_grad=True)
    importance, squares, streams = torch.zeros(2, 4, dtype=torch.float64), [0.0, 0.0], [None, None]

    def keep(layer):
        def hook(_, __, output):
            streams[layer] = first(output)
            streams[layer].retain_grad()

        return hook

    handles = []
    for layer, (whole, _, projection, _, _) in enumerate(parts(model)):
        handles.append(projection.register_forward_pre_hook(lambda _, inputs, layer=layer: ((inputs[0].unflatten(-1, (4, -1)) * gates[layer][:, None]).flatten(-2),)))
        handles.append(whole.register_forward_hook(keep(layer)))
    for row in rows:
        gates.grad = None
        losses_of(model, row).mean().backward()
        importance += gates.grad.abs()
        for layer in range(2):
            squares[layer] += streams[layer].grad.double().square().sum().item()
    for handle in handles:
        handle.remove()
    tokens = sum(map(len, rows))
    for layer in range(2):
        theirs = (importance[layer] / importance[layer].norm()).numpy()
        np.testing.assert_allclose([head["gradient_importance"] for head in ours["layers"][layer]["heads"]], theirs, rtol=1e-4, atol=1e-6)
        assert ours["layers"][layer]["stream_gradient"] == pytest.approx((squares[layer] / tokens / 48) ** 0.5, rel=1e-4)


def test_losses_without_a_head_by_position_and_of_digits(seen):
    model, folder, rows, ours = seen
    with torch.no_grad():
        whole = [losses_of(model, row).double().numpy() for row in rows]
        labels = np.array([len(losses) for losses in whole])
        for layer, head in [(0, 1), (1, 3)]:
            columns = slice(12 * head, 12 * head + 12)

            def silence(_, inputs):
                rest = inputs[0].clone()
                rest[..., columns] = 0
                return (rest,)

            handle = parts(model)[layer][2].register_forward_pre_hook(silence)
            grown = np.array([losses_of(model, row).double().sum().item() for row in rows]) - [losses.sum() for losses in whole]
            handle.remove()
            mean = grown.sum() / labels.sum()
            error = (len(rows) / (len(rows) - 1) * ((grown - mean * labels) ** 2).sum()) ** 0.5 / labels.sum()
            seen_head = ours["layers"][layer]["heads"][head]
            assert seen_head["removal"] == pytest.approx(mean, abs=2e-5) and seen_head["removal_error"] == pytest.approx(error, rel=1e-2, abs=1e-6)
    assert ours["loss"] == pytest.approx(np.concatenate(whole).mean(), rel=1e-5) and ours["label_tokens"] == labels.sum()
    contexts = np.concatenate([np.arange(1, count + 1) for count in labels])
    for part in ours["loss_by_position"]:
        low, high = (part["of"].split("-") * 2)[:2]
        inside = (contexts >= int(low)) & (contexts <= int(high))
        assert part["label_tokens"] == inside.sum() and part["loss"] == pytest.approx(np.concatenate(whole)[inside].mean(), rel=1e-5)
    tokenizer = tokenizer_of(folder)
    digit = np.concatenate([[tokenizer.decode([token]).strip()[:1] in tuple("0123456789") for token in row[1:]] for row in rows])
    ours_digit = next(part for part in ours["loss_by_kind"] if part["of"] == "digit")
    assert ours_digit["label_tokens"] == digit.sum() and ours_digit["loss"] == pytest.approx(np.concatenate(whole)[digit].mean(), rel=1e-5)
    assert sum(part["label_tokens"] for part in ours["loss_by_kind"]) == labels.sum()


def test_findings_name_what_was_planted(seen):
    model, _, _, ours = seen
    findings = {finding["name"]: finding for finding in ours["findings"]}
    if getattr(model.config, "activation_function", "") == "relu":
        assert "0.1" in findings["dead-heads"]["what"], "a head behind which all weights are 0"
    else:
        assert "dead-heads" not in findings


def test_norms_of_adapters_are_those_of_their_products(tmp_path):
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(6)
    folder = write_model(llama(num_hidden_layers=2), tmp_path / "model")
    data = tmp_path / "texts.jsonl"
    data.write_text(json.dumps({"text": SENTENCES[0]}) + "\n")
    base = base_of(folder)
    weights = {name: value.clone() for name, value in base.state_dict().items()}
    targets = ["q_proj", "v_proj", "down_proj"]
    model = get_peft_model(base, LoraConfig(task_type="CAUSAL_LM", r=4, lora_alpha=6, target_modules=targets, init_lora_weights=False))
    model.save_pretrained(tmp_path / "adapter")
    ours = trainer("inspect", "--model", folder, "--adapter", tmp_path / "adapter", "--data", data, "--removal_tokens", 0)
    merged = model.merge_and_unload().state_dict()
    assert [(norm["layer"], norm["target"]) for norm in ours["adapter"]] == [(layer, target) for layer in range(2) for target in targets]
    for norm in ours["adapter"]:
        name = f"model.layers.{norm['layer']}.{'mlp' if norm['target'] == 'down_proj' else 'self_attn'}.{norm['target']}.weight"
        update = merged[name].double() - weights[name].double()
        values = torch.linalg.svdvals(update)
        assert norm["norm"] == pytest.approx(update.norm().item(), rel=1e-4)
        assert norm["relative_norm"] == pytest.approx((update.norm() / weights[name].norm()).item(), rel=1e-4)
        energy = (values**2).cumsum(0) / (values**2).sum()
        assert norm["rank"] == 4 and norm["energy_rank"] == int((energy < 0.99).sum()) + 1
