"""What the tests against Python peers share: the programs, and small random models that transformers wrote."""

import json
import os
import subprocess

import pytest
import torch

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.environ.get("PEGBOX_BIN", os.path.join(ROOT, "build", "bin"))
os.environ.setdefault("HF_HUB_OFFLINE", "1")
torch.set_num_threads(2)

needs_bf16_products = pytest.mark.skipif(not any(unit in open("/proc/cpuinfo").read() for unit in ("amx_bf16", "avx512_bf16")), reason="this CPU does not multiply numbers in bf16")

SENTENCES = [
    "The whale was white, and it was large; nobody who saw it forgot it.",
    "def add(a, b):\n    return a + b\n",
    "It is a truth universally acknowledged, that a tuner in possession of a good budget must be in want of a model.",
    "Sums: 1 + 1 = 2, 2 + 2 = 4, 4 + 4 = 8.",
    "Ünïcode: naïve café, 東京, Ελλάδα.",
    "Short.",
    "A peg turns, a string tightens, a note rises; turn it too far and the string breaks, which is a lesson about rates.",
] * 3


def trainer(verb, *arguments, json_result=True):
    """Runs a verb of pegbox-trainer; its result."""
    done = subprocess.run([os.path.join(BIN, "pegbox-trainer"), verb, *map(str, arguments)], capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1]) if json_result else done.stdout


def write_tokenizer(folder):
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    bpe.train_from_iterator(SENTENCES, trainers.BpeTrainer(vocab_size=400, special_tokens=["<|end|>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=bpe, eos_token="<|end|>", pad_token="<|end|>")
    tokenizer.save_pretrained(folder)
    return tokenizer


def tokenizer_of(folder):
    """What tokenizer.json says; transformers' tokenizers for a family bring parts of their own."""
    from transformers import PreTrainedTokenizerFast

    return PreTrainedTokenizerFast.from_pretrained(folder)


def rows_of(folder):
    """The sentences as pegbox tokenizes them."""
    tokenizer = tokenizer_of(folder)
    return [tokenizer(sentence)["input_ids"] + [tokenizer.eos_token_id] for sentence in SENTENCES]


def relative(ours, theirs):
    return ((ours - theirs).norm() / theirs.norm()).item()


def base_of(folder):
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32)


def reference(folder, rows):
    """Loss over all labels, logits and gradients by transformers in eager mode, one document at a time."""
    model = base_of(folder)
    labels = sum(len(row) - 1 for row in rows)
    logits, total = [], 0.0
    for row in rows:
        ids = torch.tensor([row])
        out = model(input_ids=ids).logits
        logits.append(out[0].detach())
        loss = torch.nn.functional.cross_entropy(out[0, :-1], ids[0, 1:], reduction="sum") / labels
        loss.backward()
        total += loss.item()
    return total, torch.cat(logits), {name: p.grad for name, p in model.named_parameters()}


def mean_loss(model, rows):
    """With gradients; of a model behind prompts too, which have logits of their own."""
    labels = sum(len(row) - 1 for row in rows)
    total = 0
    for row in rows:
        ids = torch.tensor([row])
        logits = model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits[0, -len(row):]
        total = total + torch.nn.functional.cross_entropy(logits[:-1], ids[0, 1:], reduction="sum") / labels
    return total


def train(model_folder, text_file, output, **fields):
    """A run on the sentences, which are its validation data too; its result."""
    data = {"train": str(text_file), "validation": str(text_file)}
    common = {"model": str(model_folder), "data": data, "output": str(output), "sequence_length": 128, "seed": 5, **fields}
    return trainer("train", "--json-config", json.dumps(common), "--json")


def write_model(model, folder, **options):
    """On disk with its tokenizer, and with weights large enough that nothing is near zero by chance."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(2.0)
            parameter.add_(0.02 * torch.randn_like(parameter))
    model.save_pretrained(folder, **options)
    write_tokenizer(folder)
    return folder


def llama(**changes):
    from transformers import LlamaConfig, LlamaForCausalLM

    shape = dict(vocab_size=400, hidden_size=48, intermediate_size=88, num_hidden_layers=3, num_attention_heads=4, num_key_value_heads=2,
                 max_position_embeddings=256, tie_word_embeddings=False, bos_token_id=0, eos_token_id=0, pad_token_id=0)
    return LlamaForCausalLM(LlamaConfig(**{**shape, **changes}))


def gpt2(**changes):
    from transformers import GPT2Config, GPT2LMHeadModel

    shape = dict(vocab_size=400, n_positions=256, n_embd=48, n_layer=3, n_head=4, resid_pdrop=0, embd_pdrop=0, attn_pdrop=0, bos_token_id=0, eos_token_id=0)
    return GPT2LMHeadModel(GPT2Config(**{**shape, **changes}))


SHAPES = {
    "llama, grouped queries": lambda: llama(),
    "llama, tied embeddings": lambda: llama(tie_word_embeddings=True),
    "llama, one key head": lambda: llama(num_key_value_heads=1),
    "llama, other base frequency": lambda: llama(rope_parameters={"rope_type": "default", "rope_theta": 500000.0}),
    "gpt2": lambda: gpt2(),
}


@pytest.fixture(params=SHAPES, ids=lambda name: name.replace(", ", "-").replace(" ", "_"))
def model_folder(request, tmp_path):
    """A random model of each shape, on disk."""
    torch.manual_seed(1)
    return write_model(SHAPES[request.param](), tmp_path / "model")


@pytest.fixture
def text_file(tmp_path):
    path = tmp_path / "texts.jsonl"
    path.write_text("".join(json.dumps({"text": sentence}) + "\n" for sentence in SENTENCES))
    return path
