"""PegboxCallback: tells pegbox what a Trainer measures, and the Trainer what pegbox decides."""

from __future__ import annotations

import os
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.trainer_utils import IntervalStrategy, get_last_checkpoint

from pegbox.errors import Unsupported
from pegbox.program import Program


class PegboxCallback(TrainerCallback):
    """Reports what the Trainer logs and evaluates, and stops it where pegbox says so.

    Metrics have the Trainer's names (`loss`, `eval_loss`, ...), steps are its optimizer steps (`steps:` in the study file is
    `max_steps`). Where the trial is to be judged, the Trainer logs, evaluates (if it evaluates at all) and saves, whatever its
    own strategies say: so a trial that is paused goes on from there, if `resume_from_checkpoint` is given to `train`.
    Checkpoints that it saves for itself are named too.
    """

    def __init__(self, program: Program | None = None) -> None:
        self._program = Program() if program is None else program
        self._held: dict[str, float] = {}  # measured, not yet reported
        self._held_step = 0
        self._known_step = -1  # the last one reported
        self._stopped = False

    @property
    def resume_from_checkpoint(self) -> str | None:
        """For `Trainer.train`: the checkpoint to go on from; None: from the beginning."""
        resume = self._program.resume
        if resume is None or os.path.isfile(resume / "trainer_state.json"):
            return None if resume is None else str(resume)
        return get_last_checkpoint(str(resume))

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        if args.world_size > 1:
            raise Unsupported(
                f"[PegboxCallback] a Trainer of {args.world_size} processes; expected one: a verdict would reach only the first"
            )
        self._known_step = state.global_step if self._program.resume is not None else -1

    def on_step_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        self._report(control)

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        if state.global_step >= state.max_steps:  # the result is that of the end; by epochs it is measured anyway
            control.should_evaluate |= args.eval_strategy == IntervalStrategy.STEPS
        elif self._program.is_due(state.global_step):
            control.should_log = control.should_save = True
            control.should_evaluate |= args.eval_strategy != IntervalStrategy.NO

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        self._hold(state.global_step, logs or {}, control)

    def on_evaluate(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        metrics: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        self._hold(state.global_step, metrics or {}, control)
        if self._program.is_due(state.global_step) and not control.should_save:  # else a checkpoint is named first
            self._report(control)

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        folder = os.path.join(str(args.output_dir), f"checkpoint-{state.global_step}")
        if os.path.isdir(folder):
            self._program.checkpoint(state.global_step, folder)
        if self._program.is_due(state.global_step):
            self._report(control, is_saved=True)

    def on_train_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        self._report(control)

    def _hold(self, step: int, measured: dict[str, Any], control: TrainerControl) -> None:
        """What belongs to one step is reported at once."""
        if step != self._held_step:
            self._report(control)
        self._held_step = step
        self._held |= {name: float(value) for name, value in measured.items() if isinstance(value, (int, float))}

    def _report(self, control: TrainerControl, *, is_saved: bool = False) -> None:
        held, self._held = self._held, {}
        if not held or self._stopped or self._held_step < self._known_step:
            return
        self._known_step = self._held_step
        if self._program.report(self._held_step, held) == "stop":
            self._stopped = control.should_training_stop = True
            control.should_save = not is_saved  # somebody pauses it between rungs: what it has done is kept
