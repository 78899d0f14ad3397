"""Supervised fine-tuning with TRL's SFTTrainer and LoRA, for one trial of pegbox: prompts and completions.

Without --model it makes a small one with random weights that reads bytes, so that the example runs anywhere.
"""

import argparse
import random

import torch
from datasets import Dataset
from peft import LoraConfig
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
from trl import SFTConfig, SFTTrainer

from pegbox import Program
from pegbox.hf import PegboxCallback, map_config

STEPS = 60
END = "<|end|>"


def byte_tokenizer() -> PreTrainedTokenizerFast:
    symbols = [*sorted(pre_tokenizers.ByteLevel.alphabet()), END]
    reader = Tokenizer(models.BPE(vocab={symbol: i for i, symbol in enumerate(symbols)}, merges=[]))
    reader.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    reader.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=reader, eos_token=END, pad_token=END)


def base_model(folder: str | None) -> tuple[torch.nn.Module, PreTrainedTokenizerFast]:
    if folder is not None:
        return AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    tokenizer = byte_tokenizer()
    torch.manual_seed(0)  # the same base for all trials
    shape = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=4, max_position_embeddings=32, eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    return LlamaForCausalLM(shape), tokenizer


def sums(count: int, seed: int) -> Dataset:
    draw = random.Random(seed)
    pairs = [(draw.randrange(50), draw.randrange(50)) for _ in range(count)]
    return Dataset.from_list([{"prompt": f"{a}+{b}=", "completion": f"{a + b}"} for a, b in pairs])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", help="a folder with a model; a small random one, if not given")
    given = parser.parse_args()
    program = Program({"learning_rate": 1e-2, "batch_size": 16, "rank": 4, "scale": 2})
    mapped = map_config(program.config, micro_batch=16, max_steps=STEPS, arguments=SFTConfig)
    arguments = SFTConfig(
        output_dir=program.checkpoints, seed=program.seed, eval_strategy="steps", eval_steps=20, logging_steps=10,
        save_strategy="no", report_to=[], disable_tqdm=True, use_cpu=True, bf16=False, activation_checkpointing=False,
        max_length=32, **mapped.training,
    )  # fmt: skip
    model, tokenizer = base_model(given.model)
    tables = [] if given.model else ["embed_tokens", "lm_head"]  # random ones have to learn, too
    lora = LoraConfig(**mapped.lora, target_modules="all-linear", modules_to_save=tables, task_type="CAUSAL_LM")
    callback = PegboxCallback(program)
    trainer = SFTTrainer(
        model, arguments, train_dataset=sums(1000, 1), eval_dataset=sums(100, 2), processing_class=tokenizer,
        peft_config=lora, callbacks=[callback],
    )  # fmt: skip
    trainer.train(resume_from_checkpoint=callback.resume_from_checkpoint)


if __name__ == "__main__":
    main()
