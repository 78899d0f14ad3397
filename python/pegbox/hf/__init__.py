"""pegbox for the Hugging Face Trainer, and whatever is made of it (TRL's SFTTrainer).

    program = pegbox.Program({"learning_rate": 2e-5, "batch_size": 16})
    mapped = pegbox.hf.map_config(program.config, micro_batch=4, max_steps=200)
    arguments = TrainingArguments(output_dir=program.checkpoints, eval_strategy="steps", eval_steps=50, **mapped.training)
    callback = pegbox.hf.PegboxCallback(program)
    trainer = Trainer(model, arguments, callbacks=[callback], ...)
    trainer.train(resume_from_checkpoint=callback.resume_from_checkpoint)

Import this module where transformers is installed.
"""

from pegbox.hf.callback import PegboxCallback
from pegbox.hf.names import Mapped, map_config

__all__ = ["Mapped", "PegboxCallback", "map_config"]
