"""The errors of the model tools. Each message is one sentence that tells a person what to do."""


class ModelsError(Exception):
    """Base of everything these tools raise on purpose; the command ends with exit code 1."""


class UsageError(ModelsError):
    """What was asked for cannot be done as asked: a folder, label or model is missing. Exit code 2."""
