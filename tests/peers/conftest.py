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
    """A random model of each shape, on disk, with weights large enough that nothing is near zero by chance."""
    torch.manual_seed(1)
    model = SHAPES[request.param]()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(2.0)
            parameter.add_(0.02 * torch.randn_like(parameter))
    model.save_pretrained(tmp_path / "model")
    write_tokenizer(tmp_path / "model")
    return tmp_path / "model"


@pytest.fixture
def text_file(tmp_path):
    path = tmp_path / "texts.jsonl"
    path.write_text("".join(json.dumps({"text": sentence}) + "\n" for sentence in SENTENCES))
    return path
