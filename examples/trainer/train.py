"""Fine-tunes a language model with the Hugging Face Trainer and LoRA, for one trial of pegbox.

Without --model it makes a small one with random weights that reads bytes, so that the example runs anywhere.
"""

import argparse
import random

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM, Trainer, TrainingArguments

from pegbox import Program
from pegbox.hf import PegboxCallback, map_config

STEPS = 90


def base_model(folder: str | None) -> torch.nn.Module:
    if folder is not None:
        return AutoModelForCausalLM.from_pretrained(folder)
    torch.manual_seed(0)  # the same base for all trials
    shape = LlamaConfig(
        vocab_size=128, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=4, max_position_embeddings=32,
    )  # fmt: skip
    return LlamaForCausalLM(shape)


def sums(count: int, seed: int) -> list[dict[str, list[int]]]:
    """Rows such as "12+ 7= 19", as bytes."""
    draw = random.Random(seed)
    pairs = [(draw.randrange(50), draw.randrange(50)) for _ in range(count)]
    rows = [list(f"{a:2}+{b:2}={a + b:3}".encode()) for a, b in pairs]
    return [{"input_ids": row, "labels": row} for row in rows]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", help="a folder with a model that reads bytes; a small random one, if not given")
    given = parser.parse_args()
    program = Program({"learning_rate": 1e-2, "batch_size": 16, "rank": 4, "scale": 2})
    mapped = map_config(program.config, micro_batch=16, max_steps=STEPS)
    arguments = TrainingArguments(
        output_dir=program.checkpoints, seed=program.seed, eval_strategy="steps", eval_steps=30, logging_steps=10,
        save_strategy="no", report_to=[], disable_tqdm=True, use_cpu=True, **mapped.training,
    )  # fmt: skip
    tables = [] if given.model else ["embed_tokens", "lm_head"]  # random ones have to learn, too
    lora = LoraConfig(**mapped.lora, target_modules="all-linear", modules_to_save=tables)
    model = get_peft_model(base_model(given.model), lora)
    callback = PegboxCallback(program)
    trainer = Trainer(model, arguments, train_dataset=sums(2000, 1), eval_dataset=sums(100, 2), callbacks=[callback])
    trainer.train(resume_from_checkpoint=callback.resume_from_checkpoint)


if __name__ == "__main__":
    main()
