"""What pegbox raises. Every message has one form: "[where] what; got X; expected Y; hint"."""


class Error(Exception):
    """Any fault that pegbox reports."""


class InvalidInput(Error, ValueError):
    """An argument is wrong: a space, a configuration, a metric, a step."""


class NotFound(Error, LookupError):
    """No study, trial or file of that name; or no trial has a result yet."""


class Conflict(Error, RuntimeError):
    """Somebody else holds or has changed the thing: another process runs the study, the trial has ended already."""


class Corrupt(Error, RuntimeError):
    """Stored bytes are damaged."""


class Unsupported(Error, NotImplementedError):
    """Written by a newer version, or a feature that is not built in."""


class Io(Error, OSError):
    """The operating system refused: disk full, permission, no such folder."""


class OutOfMemory(Error, MemoryError):
    """The machine ran out of memory."""


class Diverged(Error, ArithmeticError):
    """A computation gave no number."""


class Interrupted(Error, RuntimeError):
    """A person stopped what was going on."""


class Internal(Error, RuntimeError):
    """A library failed in a way that was not foreseen; please report it."""
