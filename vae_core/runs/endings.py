"""How a training ends that did not come to its end, told to whoever may let it go on."""

import errno

from vae_core.errors import LostWorkerError, TrainingError, VAECoreError
from vae_core.files import is_disk_full
from vae_core.runs.directory import CANCELLED, RunDirectory, Status

DISK_FULL = "The disk is full. The last finished epoch is kept. Make room, then go on."
OUT_OF_MEMORY = ("allocate", "out of memory", "can't start new thread")
LOST = Status(
    state="interrupted",
    message="One of the processes that train together was lost. The training can go on from its last epoch.",
)
STOPPED = Status(state="interrupted", message="The system stopped the training. It can go on from its last epoch.")


class CancelledError(BaseException):
    """Raised by SIGTERM wherever the work stands; not an Exception, so that nothing on the way swallows it."""


def ending(error: BaseException, directory: RunDirectory, details: str) -> Status:
    """How the run in a directory ended by an error.

    Args:
        error: What was raised.
        directory: Where the run is.
        details: Where a person finds more about an error of the program.
    """
    is_by_hand = isinstance(error, KeyboardInterrupt | BrokenPipeError)  # a pipe breaks when nobody looks any more
    if is_by_hand or (is_cancelling(error) and directory.is_cancel_asked()):
        return CANCELLED
    if is_cancelling(error):
        return STOPPED
    if isinstance(error, LostWorkerError):
        return CANCELLED if directory.is_cancel_asked() else LOST
    known = explained(error, directory)
    if isinstance(known, VAECoreError):
        return Status(state="failed", message=str(known))
    return Status(state="failed", message=f"Training stopped by an error of the program; {details} has the details.")


def is_cancelling(error: BaseException | None) -> bool:
    """Whether it comes of SIGTERM: modules in C that are being imported make another error of it."""
    while error is not None and not isinstance(error, CancelledError):
        error = error.__cause__ or error.__context__
    return error is not None


def explained(error: BaseException, directory: RunDirectory) -> BaseException:
    """The error itself, or where memory or disk ran out, one that says what to do.

    Torch tells of exhausted memory by a RuntimeError.
    """
    if isinstance(error, VAECoreError):
        return error
    short = isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM)
    if short or any(words in str(error) for words in OUT_OF_MEMORY):
        batch = directory.read_run().config.train.batch_size
        smaller = f"a batch of {batch // 2}, or " if batch > 1 else ""
        return TrainingError(f"The machine ran out of memory with batches of {batch}. Try {smaller}a smaller model.")
    if isinstance(error, OSError) and is_disk_full(error):
        return TrainingError(DISK_FULL)
    return error
