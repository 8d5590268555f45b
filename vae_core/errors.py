"""What can go wrong, drawn as a tree.

VAECoreError
├── DatasetError      an upload, a file or a stored dataset cannot be used
│   └── DamagedError  its stored files are no dataset any more
├── ConfigError       a setting is out of its range
├── CheckpointError   a checkpoint cannot be read, or does not fit the data
├── TrainingError     training cannot start or cannot go on
│   └── LostWorkerError   one of several processes that train together is gone
├── ProjectionError   codes cannot be laid out on a map
├── MetricError       something cannot be measured
├── ComputationError  something that takes a while cannot begin
├── QuotaError        there is no room for more, or no permission
├── WorkspaceError    nothing can be put into the workspace
├── BackupError       a backup cannot be made, or not be brought back
└── NotFoundError     there is nothing under this id
    └── ReplacedError there is something newer

Every message is one or two sentences for the person at the screen: what was found, what was
expected, what to do. Pages and the command line catch `VAECoreError`; anything else is a bug.
"""


class VAECoreError(Exception):
    """The root: a message that may be shown as it stands."""


class DatasetError(VAECoreError):
    """An upload, a file or a stored dataset cannot be used."""


class DamagedError(DatasetError):
    """The stored files of a dataset are no dataset any more, and never will be again."""


class ConfigError(VAECoreError):
    """A setting is out of its range."""


class CheckpointError(VAECoreError):
    """A checkpoint cannot be read, or does not fit the data."""


class TrainingError(VAECoreError):
    """Training cannot start or cannot go on."""


class LostWorkerError(TrainingError):
    """One of several processes that train together is gone."""


class ProjectionError(VAECoreError):
    """Codes cannot be laid out on a map."""


class MetricError(VAECoreError):
    """Something cannot be measured."""


class ComputationError(VAECoreError):
    """Something that takes a while cannot begin."""


class QuotaError(VAECoreError):
    """There is no room for more, or no permission."""


class WorkspaceError(VAECoreError):
    """Nothing can be put into the workspace."""


class BackupError(VAECoreError):
    """A backup cannot be made, or not be brought back."""


class NotFoundError(VAECoreError):
    """There is nothing under this id."""


class ReplacedError(NotFoundError):
    """What was asked for was there, and something newer has taken its place."""
