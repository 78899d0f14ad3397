"""pegbox.hf with the real Trainer and PEFT: what names become, and what a trial says and hears on its way."""

import json
import math
import os
import threading

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM, Trainer, TrainingArguments
from transformers.optimization import get_scheduler

from pegbox import Program
from pegbox.hf import PegboxCallback, map_config

STEPS = 20


def arguments_of(config, folder, **more):
    mapped = map_config(config, max_steps=STEPS, **more)
    return TrainingArguments(output_dir=folder, report_to=[], disable_tqdm=True, use_cpu=True, **mapped.training)


def test_names_become_the_trainers(tmp_path):
    config = {
        "learning_rate": 3e-4, "batch_size": 24, "weight_decay": 0.1, "beta1": 0.8, "beta2": 0.95, "epsilon": 1e-6, "clip": 0.5,
        "label_smoothing": 0.1, "optimizer": "adamw", "epochs": 2.5, "precision": "fp32", "recompute": "layers", "method": "full",
        "warmup_fraction": 0.1, "neftune_noise_alpha": 5.0, "mine": 1,
    }  # fmt: skip
    arguments = arguments_of(config, tmp_path, micro_batch=10, own=["mine"])
    assert (arguments.per_device_train_batch_size, arguments.gradient_accumulation_steps) == (8, 3)
    assert (arguments.learning_rate, arguments.weight_decay, arguments.max_grad_norm) == (3e-4, 0.1, 0.5)
    assert (arguments.adam_beta1, arguments.adam_beta2, arguments.adam_epsilon) == (0.8, 0.95, 1e-6)
    assert (arguments.label_smoothing_factor, arguments.num_train_epochs, arguments.max_steps) == (0.1, 2.5, STEPS)
    assert (arguments.optim, arguments.bf16, arguments.activation_checkpointing) == ("adamw_torch", False, True)
    assert arguments.get_warmup_steps(STEPS) == 2
    assert arguments.neftune_noise_alpha == 5.0
    assert map_config(config, own=["mine"]).lora is None


def after_warmup(step, warmup):
    return max(0, step - warmup) / (STEPS - warmup)


@pytest.mark.parametrize(
    ("config", "factor"),
    [
        ({"schedule": "constant"}, lambda step: 1),
        ({"schedule": "linear"}, lambda step: 1 - after_warmup(step, 4)),
        ({"schedule": "linear", "final_rate": 0.2}, lambda step: 0.2 + 0.8 * (1 - after_warmup(step, 4))),
        ({"schedule": "cosine"}, lambda step: 0.5 * (1 + math.cos(math.pi * after_warmup(step, 4)))),
        (
            {"schedule": "cosine", "final_rate": 0.2},
            lambda step: 0.2 + 0.8 * 0.5 * (1 + math.cos(math.pi * after_warmup(step, 4))),
        ),
        (
            {"schedule": "cosine_restarts", "cycles": 2},
            lambda step: 0.5 * (1 + math.cos(math.pi * ((2 * after_warmup(step, 4)) % 1))),
        ),
        ({"schedule": "polynomial", "final_rate": 0.1}, lambda step: 0.1 + 0.9 * (1 - after_warmup(step, 4)) ** 2),
        ({"schedule": "inverse_sqrt"}, lambda step: 1 / math.sqrt(step / 4)),
        ({"schedule": "wsd", "decay_fraction": 0.5}, lambda step: min(1, (1 - step / STEPS) / 0.5)),
    ],
)
def test_schedules_are_those_of_the_built_in_trainer(config, factor, tmp_path):
    """The formulas of src/train/optim/schedule.cc, with a warmup of a fifth."""
    arguments = arguments_of({"learning_rate": 0.1, "warmup_fraction": 0.2, **config}, tmp_path)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=arguments.learning_rate)
    schedule = get_scheduler(
        arguments.lr_scheduler_type, optimizer, arguments.get_warmup_steps(STEPS), STEPS, arguments.lr_scheduler_kwargs
    )
    for step in range(STEPS):
        expected = step / 4 if step < 4 else factor(step)
        assert optimizer.param_groups[0]["lr"] == pytest.approx(0.1 * expected), step
        optimizer.step()
        schedule.step()


def tiny_model():
    torch.manual_seed(0)
    shape = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 2}
    return LlamaForCausalLM(LlamaConfig(vocab_size=32, max_position_embeddings=16, **shape))


@pytest.mark.parametrize(
    ("config", "scaling"),
    [({"rank": 4, "scale": 3}, 3), ({"rank": 4, "scale": 0.3}, 0.3), ({"scale": 1}, 1), ({"rank": 2}, 2), ({"rank": 4, "scale": 3, "rslora": True}, 6)],
)  # fmt: skip
def test_the_factor_of_an_update_is_the_scale(config, scaling):
    lora = map_config({**config, "dropout": 0.05, "target": "attention"}).lora
    model = get_peft_model(tiny_model(), LoraConfig(**lora))
    layers = [module for name, module in model.named_modules() if name.endswith("_proj") and hasattr(module, "scaling")]
    assert len(layers) == 4
    assert layers[0].scaling["default"] == pytest.approx(scaling)
    assert layers[0].r["default"] == config.get("rank", 16)
    assert layers[0].lora_dropout["default"].p == 0.05


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"learnig_rate": 1}, "did you mean 'learning_rate'"),
        ({"mixture.books": 1}, "own="),
        ({"optimizer": "muon"}, "no equal of optimizer: muon; expected one of adamw"),
        ({"schedule": "one_cycle"}, "no equal of schedule"),
        ({"schedule": "wsd"}, "max_steps"),
        ({"schedule": "linear", "cycles": 2}, "cycles says nothing"),
        ({"final_rate": 0.1}, "final_rate says nothing"),
        ({"optimizer": "adafactor", "beta2": 0.9}, "does not read beta2"),
        ({"warmup_fraction": 1}, "less than 1"),
        ({"lora_b_rate": 4}, "own="),
        ({"warmup_fraction": 0.1, "warmup_steps": 5}, "said before: 0.1"),
    ],
)
def test_what_cannot_be_mapped_is_an_error(config, message):
    with pytest.raises(ValueError, match="map_config") as error:
        map_config(config)
    assert message in str(error.value)


class Host:
    """Answers a program's reports where they reach its rung; what it heard."""

    def __init__(self, folder, verdicts, until, resume=None):
        self.reports, write = os.pipe()
        read, self.answers = os.pipe()
        self.heard = []
        self.verdicts, self.until = list(verdicts), until
        environment = {
            "PEGBOX_TRIAL": "0", "PEGBOX_CHECKPOINT_DIR": str(folder), "PEGBOX_UNTIL": str(until),
            "PEGBOX_REPORT_FD": str(write), "PEGBOX_VERDICT_FD": str(read),
        }  # fmt: skip
        self.program = Program(environment=environment | ({"PEGBOX_RESUME": str(resume)} if resume else {}))
        self.write = write
        self.thread = threading.Thread(target=self.listen)
        self.thread.start()

    def listen(self):
        with os.fdopen(self.reports) as lines:
            for line in lines:
                ((kind, body),) = json.loads(line).items()
                self.heard.append((kind, body))
                if kind == "report" and 0 < self.until <= body["step"] and self.verdicts:
                    self.until, answer = self.verdicts.pop(0)
                    os.write(self.answers, (json.dumps(answer) + "\n").encode())

    def end(self):
        os.close(self.write)
        self.thread.join()
        return self.heard


def train(folder, verdicts=(), until=0, resume=None, told_at=None, **more):
    host = Host(folder, verdicts, until, resume)
    host.until = until if told_at is None else told_at
    rows = [{"input_ids": [(7 * i + j) % 32 for j in range(8)]} for i in range(64)]
    rows = [{**row, "labels": row["input_ids"]} for row in rows]
    usual = {"eval_strategy": "steps", "eval_steps": 10, "logging_steps": 5, "save_strategy": "no", "seed": 3}
    arguments = TrainingArguments(
        output_dir=folder, report_to=[], disable_tqdm=True, use_cpu=True, max_steps=STEPS, learning_rate=1e-2, **usual | more
    )
    callback = PegboxCallback(host.program)
    trainer = Trainer(tiny_model(), arguments, train_dataset=rows, eval_dataset=rows[:8], callbacks=[callback])
    trainer.train(resume_from_checkpoint=callback.resume_from_checkpoint)
    return trainer, host.end()


def reports(heard):
    return {body["step"]: body["metrics"] for kind, body in heard if kind == "report"}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return train(tmp_path_factory.mktemp("whole"))


def test_it_reports_what_the_trainer_measures(whole):
    measured = reports(whole[1])
    assert list(measured) == [5, 10, 15, 20]
    assert set(measured[5]) >= {"loss", "learning_rate", "grad_norm"}
    assert "eval_loss" not in measured[5]
    assert set(measured[10]) >= {"loss", "eval_loss"}  # of one step in one report
    assert measured[20]["eval_loss"] < measured[10]["eval_loss"]
    assert measured[20]["eval_loss"] == whole[0].state.log_history[-2]["eval_loss"]


def test_a_paused_trial_goes_on_to_the_same_numbers(whole, tmp_path):
    paused, heard = train(tmp_path, [(0, {"stop": {"trial": 0}})], until=7)
    assert paused.state.global_step == 7
    kinds = [kind for kind, body in heard if body["step"] == 7]
    assert kinds == ["checkpoint", "report"]  # the checkpoint is known where the trial is judged
    assert "eval_loss" in reports(heard)[7]
    (checkpoint,) = [body["name"] for kind, body in heard if kind == "checkpoint"]
    assert os.path.isdir(checkpoint)
    resumed, heard = train(tmp_path, resume=checkpoint)
    assert resumed.state.global_step == STEPS
    assert min(reports(heard)) > 7
    assert reports(heard)[20]["eval_loss"] == pytest.approx(reports(whole[1])[20]["eval_loss"], abs=1e-6)


def test_a_trial_that_may_go_on_is_not_disturbed(whole, tmp_path):
    trainer, heard = train(tmp_path, [(14, {"go": {"trial": 0, "until": 14}}), (0, {"go": {"trial": 0, "until": 0}})], until=7)
    assert trainer.state.global_step == STEPS
    assert [body["step"] for kind, body in heard if kind == "checkpoint"] == [7, 14]
    assert reports(heard)[20]["eval_loss"] == pytest.approx(reports(whole[1])[20]["eval_loss"], abs=1e-6)


def test_a_trainer_that_does_not_evaluate_is_judged_by_what_it_logs(tmp_path):
    trainer, heard = train(tmp_path, [(0, {"stop": {"trial": 0}})], until=2, eval_strategy="no", eval_steps=None)
    assert trainer.state.global_step == 2
    assert set(reports(heard)[2]) >= {"loss"}


def test_a_person_may_pause_it_anywhere_and_what_it_has_done_is_kept(tmp_path):
    trainer, heard = train(tmp_path, [(0, {"stop": {"trial": 0}})], told_at=5)
    assert 5 <= trainer.state.global_step <= 11
    (checkpoint,) = [body for kind, body in heard if kind == "checkpoint"]
    assert checkpoint["step"] == trainer.state.global_step
    assert os.path.isdir(checkpoint["name"])


def test_its_own_checkpoints_are_named_too(tmp_path):
    _, heard = train(tmp_path, save_strategy="steps", save_steps=8, eval_strategy="epoch")
    assert [body["step"] for kind, body in heard if kind == "checkpoint"] == [8, 16, 20]


def test_a_folder_of_checkpoints_is_searched_for_the_last(tmp_path):
    for step in (8, 16):
        (tmp_path / f"checkpoint-{step}").mkdir()
        (tmp_path / f"checkpoint-{step}" / "trainer_state.json").write_text("{}")
    program = Program(environment={"PEGBOX_RESUME": str(tmp_path)})
    assert PegboxCallback(program).resume_from_checkpoint == str(tmp_path / "checkpoint-16")
    assert PegboxCallback(Program(environment={})).resume_from_checkpoint is None
