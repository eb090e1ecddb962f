"""The errors of the model tools. Each message is one sentence that tells a person what to do."""


class ModelsError(Exception):
    """Base of everything these tools raise on purpose; the command ends with exit code 1."""


class UsageError(ModelsError):
    """What was asked for cannot be done as asked: a folder, label or model is missing. Exit code 2."""


def no_detector(file: str, task: str) -> UsageError:
    """Weights that do something else than to find things."""
    instead = "; poses are estimated by the zoo's movenet-lightning" if task == "pose" else ""
    return UsageError(
        f"{file} is for the task '{task}'; only detectors can be trained and imported: take weights of the task "
        f"'detect', e.g. yolo11n.pt{instead}"
    )
