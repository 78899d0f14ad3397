"""Optimize: the loop of ask, objective and tell, in one thread or several."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pegbox.errors import Conflict, Diverged, InvalidInput
from pegbox.trial import Interrupt, Trial

if TYPE_CHECKING:
    from pegbox.study import Study

Outcome = float | Sequence[float] | Mapping[str, float] | None


def optimize(
    study: Study,
    objective: Callable[[Trial], Outcome],
    *,
    workers: int,
    trials: int | None,
    catch: type[Exception] | tuple[type[Exception], ...],
) -> None:
    """What `Study.optimize` says."""
    if workers < 1:
        raise InvalidInput(f"[optimize] nobody to work; got workers={workers}; expected 1 or more")
    loop = _Loop(study, objective, trials, catch)
    if workers == 1:
        loop.work()
    else:
        threads = [threading.Thread(target=loop.work, name=f"pegbox-{i}", daemon=True) for i in range(workers)]
        loop.run(threads)
    if loop.error is not None:
        raise loop.error


class _Loop:
    """What the threads of one call share."""

    def __init__(
        self,
        study: Study,
        objective: Callable[[Trial], Outcome],
        limit: int | None,
        catch: type[Exception] | tuple[type[Exception], ...],
    ) -> None:
        self.study, self.objective, self.limit, self.catch = study, objective, limit, catch
        self.changed = threading.Condition()
        self.interrupted = threading.Event()
        self.open: set[Trial] = set()
        self.ended = 0
        self.error: BaseException | None = None

    def run(self, threads: list[threading.Thread]) -> None:
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        except BaseException:  # Ctrl-C: what the threads still do is not waited for, and no more listened to
            self.interrupted.set()
            with self.changed:
                for trial in self.open:
                    self.give_back(trial)
                self.changed.notify_all()
            raise

    def work(self) -> None:
        while (trial := self.next_trial()) is not None:
            ended = False
            try:
                ended = self.run_trial(trial)
            except BaseException as error:  # raised by `optimize`, in the caller's thread
                self.error = self.error or error
                self.interrupted.set()
            finally:
                with self.changed:
                    self.open.discard(trial)
                    self.ended += ended
                    self.changed.notify_all()

    def next_trial(self) -> Trial | None:
        with self.changed:
            while not self.interrupted.is_set():
                if self.limit is None or self.ended + len(self.open) < self.limit:
                    trial = self.study.ask()
                    if trial is not None:
                        trial.listen_to(self.interrupted)
                        self.open.add(trial)
                        return trial
                if not self.open:
                    return None
                self.changed.wait()  # a trial of another thread may be paused, and come back
        return None

    def run_trial(self, trial: Trial) -> bool:
        """Whether the trial has ended."""
        try:
            outcome = self.objective(trial)
            if trial.verdict == "continue":
                trial.end(_metrics_of(outcome, self.study._metrics))
        except Exception as error:
            self.tell_failed(trial, error)
            if not isinstance(error, self.catch):
                raise
        except Interrupt:
            self.give_back(trial)
            return False
        except BaseException:
            self.give_back(trial)
            raise
        return trial.verdict != "pause"

    def tell_failed(self, trial: Trial, error: Exception) -> None:
        text = "".join(traceback.format_exception_only(error)).strip()
        try:
            self.study.tell(trial, failed=_kind_of(error), detail=text[:2000])
        except Conflict:
            pass  # it had ended, or was given back after Ctrl-C

    def give_back(self, trial: Trial) -> None:
        try:
            trial.give_back()
        except Conflict:
            pass


def _metrics_of(outcome: Any, names: list[str]) -> dict[str, float]:
    """The metrics that an objective returned."""
    if outcome is None:
        return {}
    if isinstance(outcome, Mapping):
        return dict(outcome)
    values = list(outcome) if isinstance(outcome, Sequence) and not isinstance(outcome, str) else [outcome]
    if len(values) != len(names):
        raise InvalidInput(
            f"[optimize] the objective returned {len(values)} values; got {outcome!r}; expected {', '.join(names)}"
        )
    return dict(zip(names, values, strict=True))


def _kind_of(error: Exception) -> str:
    """The kind of failure of an exception; libraries have classes of their own for a full device."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return "out-of-memory"
    if isinstance(error, (Diverged, FloatingPointError)):
        return "diverged"
    if isinstance(error, TimeoutError):
        return "timeout"
    return "error"
