"""Conversations as tokens with masks, against transformers' apply_chat_template, on published tokenizers and texts."""

import itertools
import json
import os
import pathlib

import pytest
from conftest import ROOT, trainer, write_tokenizer
from transformers import AutoTokenizer, GPT2Tokenizer, PreTrainedTokenizerFast

SHARED = pathlib.Path(os.environ.get("PEGBOX_SHARED", os.path.join(ROOT, "..", "shared"))) / "data"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="no ../shared data")

# Templates in the style of published ones, with generation blocks.
CHATML = """{%- for message in messages %}
{{- '<|im_start|>' + message['role'] + '\\n' }}
{%- if message['role'] == 'assistant' %}
{%- generation %}{{- message['content'] + '<|im_end|>' }}{%- endgeneration %}
{%- else %}{{- message['content'] + '<|im_end|>' }}{%- endif %}
{{- '\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"""
ZEPHYR = """{% for message in messages %}
{% if message['role'] == 'user' %}
{{ '<|user|>\\n' + message['content'] + eos_token }}
{% elif message['role'] == 'system' %}
{{ '<|system|>\\n' + message['content'] + eos_token }}
{% elif message['role'] == 'assistant' %}
{{ '<|assistant|>\\n' }}{% generation %}{{ message['content'] + eos_token }}{% endgeneration %}

{% endif %}
{% if loop.last and add_generation_prompt %}
{{ '<|assistant|>' }}
{% endif %}
{% endfor %}"""
LLAMA3 = """{{ '<|begin_of_text|>' }}{% set ns = namespace(turn=0) %}{% for message in messages %}
  {% set ns.turn = ns.turn + 1 %}
  {{- '<|start_header_id|>' + message.role + '<|end_header_id|>\\n\\n' -}}
  {% if message.role == 'assistant' -%}
    {% generation -%} {{ message.content | trim }}{{ '<|eot_id|>' }} {%- endgeneration %}
  {%- else -%} {{ message.content | trim }}{{ '<|eot_id|>' }} {%- endif -%}
{% endfor %}{% if add_generation_prompt %}{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' -}}{% endif %}"""
MARKED = {"chatml": CHATML, "zephyr": ZEPHYR, "llama3": LLAMA3}


def own_conversations():
    """Several turns, systems, scripts of all sorts, white space at the ends, tokens written out."""
    texts = ["Hi", "  spaces  before and after  ", "naïve café 東京 Ελλάδα", "🦜🦜 end🦜", "def f(x):\n    return x\n\n", "\n\n", "<|endoftext|> written out", "a" * 300]
    chats = []
    for number, text in enumerate(texts):
        turns = [{"role": "user", "content": text}, {"role": "assistant", "content": texts[(3 * number + 1) % len(texts)]}] * (1 + number % 3)
        system = [{"role": "system", "content": "Be brief.\n"}] if number % 2 else []
        chats.append(system + turns + ([{"role": "user", "content": "And?"}] if number == 4 else []))
    return chats


def published_conversations(count=40):
    """GSM8K's questions with their answers, and self-instruct's instructions, two to a conversation."""
    chats = []
    for line in itertools.islice(open(SHARED / "instructions/gsm8k/test.jsonl", encoding="utf-8"), count):
        row = json.loads(line)
        chats.append([{"role": "user", "content": row["question"]}, {"role": "assistant", "content": row["answer"]}])
    tasks = [json.loads(line) for line in itertools.islice(open(SHARED / "instructions/self_instruct/seed_tasks.jsonl", encoding="utf-8"), count)]
    for first, second in zip(tasks[::2], tasks[1::2]):
        chat = []
        for task in (first, second):
            chat.append({"role": "user", "content": task["instruction"] + "\n" + task["instances"][0]["input"]})
            chat.append({"role": "assistant", "content": task["instances"][0]["output"]})
        chats.append(chat)
    return chats


def published_tokenizers():
    tokenizers = SHARED / "tokenizers"
    gpt2 = GPT2Tokenizer(vocab=str(tokenizers / "gpt2/encoder.json"), merges=str(tokenizers / "gpt2/vocab.bpe"))
    yield "gpt2", gpt2
    yield "neox", PreTrainedTokenizerFast(tokenizer_file=str(tokenizers / "hf_json/20B_tokenizer.json"), eos_token="<|endoftext|>")
    yield "dolma2", PreTrainedTokenizerFast(tokenizer_file=str(tokenizers / "hf_json/allenai_dolma2.json"), eos_token="<|endoftext|>", bos_token="<|endoftext|>")
    yield "qwen2", AutoTokenizer.from_pretrained(tokenizers / "qwen2")


def write_rows(path, rows):
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def our_samples(tokenizer_folder, data, *arguments):
    """Ids and masks of every row, in order; rows without anything to learn are left out, as from training."""
    result = trainer("preflight", "--method", "scratch", "--tokenizer", tokenizer_folder, "--data", data, "--rows", 100000,
                     "--sequence_length", 8192, "--validation_fraction", 0, *arguments)
    return result["samples"]


def learned_like_transformers(mask):
    return [0] + mask[1:]  # the first token has nothing before it


def compare(tokenizer, chats, folder, expected_masks, *arguments):
    tokenizer.save_pretrained(folder)
    data = write_rows(folder / "chats.jsonl", [{"messages": chat} for chat in chats])
    ours = our_samples(folder, data, *arguments)
    assert [sample["line"] for sample in ours] == list(range(1, len(chats) + 1))
    for sample, chat, mask in zip(ours, chats, expected_masks):
        ids = tokenizer.apply_chat_template(chat, return_dict=True)["input_ids"]
        assert sample["ids"] == ids, chat
        assert sample["learned"] == learned_like_transformers(mask), (chat, sample["pieces"])


def starts_unclaimed(chat):
    """NeoX's tokens of several spaces claim no characters. A turn that begins with one is lost to transformers, with all
    that follow, since it looks for the token that holds the first character."""
    return any(message["content"].startswith("  ") for message in chat if message["role"] == "assistant")


@needs_shared
@pytest.mark.parametrize("name", MARKED)
def test_masks_of_generation_blocks_equal_transformers(name, tmp_path):
    all_chats = published_conversations() + own_conversations()
    for tokenizer_name, tokenizer in published_tokenizers():
        tokenizer.chat_template = MARKED[name]
        chats = [chat for chat in all_chats if tokenizer_name != "neox" or not starts_unclaimed(chat)]
        masks = [tokenizer.apply_chat_template(chat, return_dict=True, return_assistant_tokens_mask=True)["assistant_masks"] for chat in chats]
        assert sum(map(sum, masks)) > 1000
        compare(tokenizer, chats, tmp_path / tokenizer_name, masks)


def masks_by_beginnings(tokenizer, chat):
    """What TRL learns of a prompt and a completion, turn by turn: all that the text has after the opened prompt."""
    whole = tokenizer.apply_chat_template(chat, tokenize=False)
    encoding = tokenizer(whole, add_special_tokens=False, return_offsets_mapping=True)
    spans = []
    for i, message in enumerate(chat):
        if message["role"] == "assistant":
            begin = tokenizer.apply_chat_template(chat[:i], tokenize=False, add_generation_prompt=True)
            end = tokenizer.apply_chat_template(chat[: i + 1], tokenize=False)
            assert whole.startswith(begin) and whole.startswith(end)
            spans.append((len(begin), len(end)))
    return [int(any(begin < last and first < end for first, last in spans)) for begin, end in encoding["offset_mapping"]]


@needs_shared
def test_masks_without_generation_blocks_are_what_follows_the_opened_prompt(tmp_path):
    tokenizer = AutoTokenizer.from_pretrained(SHARED / "tokenizers/qwen2")
    assert "generation %}" not in tokenizer.chat_template.replace("add_generation_prompt %}", "")
    chats = published_conversations() + own_conversations()
    compare(tokenizer, chats, tmp_path / "qwen2", [masks_by_beginnings(tokenizer, chat) for chat in chats])


@needs_shared
def test_tools_and_their_calls_go_to_the_template(tmp_path):
    tokenizer = AutoTokenizer.from_pretrained(SHARED / "tokenizers/qwen2")
    tools = [{"type": "function", "function": {"name": "add", "description": "Adds <two> numbers.", "parameters": {"type": "object", "properties": {"a": {"type": "number"}}}}}]
    chat = [
        {"role": "user", "content": "2+2?"},
        {"role": "assistant", "content": "", "tool_calls": [{"type": "function", "function": {"name": "add", "arguments": {"a": 2, "b": 2.5, "c": None}}}]},
        {"role": "tool", "name": "add", "content": "4"},
        {"role": "assistant", "content": "It is 4."},
    ]
    tokenizer.save_pretrained(tmp_path)
    rows = [{"messages": chat, "tools": tools}, {"messages": chat, "tools": json.dumps(tools)}]
    expected = tokenizer.apply_chat_template(chat, tools=tools, return_dict=True)["input_ids"]
    ours = our_samples(tmp_path, write_rows(tmp_path / "chats.jsonl", rows))
    assert [sample["ids"] for sample in ours] == [expected, expected]
    learned = "".join(piece["text"] for piece in ours[0]["pieces"] if piece["learned"])
    assert learned.count("<tool_call>") == 1 and learned.endswith("It is 4.<|im_end|>\n") and "<tool_response>" not in learned


@needs_shared
def test_prompts_of_messages_are_learned_as_trl_does(tmp_path):
    tokenizer = AutoTokenizer.from_pretrained(SHARED / "tokenizers/qwen2")
    tokenizer.save_pretrained(tmp_path)
    chats = [chat for chat in published_conversations(20) if len(chat) == 4]
    ours = our_samples(tmp_path, write_rows(tmp_path / "chats.jsonl", [{"prompt": chat[:3], "completion": chat[3:]} for chat in chats]))
    for sample, chat in zip(ours, chats, strict=True):
        prompt = tokenizer.apply_chat_template(chat[:3], return_dict=True, add_generation_prompt=True)["input_ids"]
        whole = tokenizer.apply_chat_template(chat, return_dict=True)["input_ids"]
        assert whole[: len(prompt)] == prompt
        assert sample["ids"] == whole
        assert sample["learned"] == [0] * len(prompt) + [1] * (len(whole) - len(prompt))


def test_a_character_of_several_tokens_is_learned_whole(tmp_path):
    """transformers looks for one token that holds the block's last character, and learns only the first of its tokens."""
    tokenizer = write_tokenizer(tmp_path)
    tokenizer.chat_template = "{% for m in messages %}[{{ m.role }}]{% generation %}{{ m.content }}{% endgeneration %}{% endfor %}"
    tokenizer.save_pretrained(tmp_path)
    chat = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b𓀀"}]
    theirs = tokenizer.apply_chat_template(chat, return_dict=True, return_assistant_tokens_mask=True)
    ours = our_samples(tmp_path, write_rows(tmp_path / "chats.jsonl", [{"messages": chat}]))[0]
    assert ours["ids"] == theirs["input_ids"]
    assert theirs["assistant_masks"][-4:] == [1, 0, 0, 0]
    assert ours["learned"] == theirs["assistant_masks"][:-3] + [1, 1, 1]


def test_all_shapes_of_the_same_conversation_are_the_same_tokens(tmp_path):
    write_tokenizer(tmp_path)
    chat = [{"role": "user", "content": "2+2?"}, {"role": "assistant", "content": "4"}]
    shapes = {
        "messages.jsonl": {"messages": chat},
        "turns.jsonl": {"conversations": [{"from": "human", "value": "2+2?"}, {"from": "gpt", "value": "4"}]},
        "prompts.jsonl": {"prompt": chat[:1], "completion": chat[1:]},
    }
    samples = []
    for name, row in shapes.items():
        samples += our_samples(tmp_path, write_rows(tmp_path / name, [row]), "--chat_template", "plain")
    assert len(samples) == 3
    for sample in samples:
        assert (sample["ids"], sample["learned"]) == (samples[0]["ids"], samples[0]["learned"])
    assert [piece["text"] for piece in samples[0]["pieces"]] == ["### user\n2+2?\n\n### assistant\n", "4<|end|>", "\n\n"]
