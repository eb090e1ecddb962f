"""The one error of this package."""


class LabError(Exception):
    """Something the lab needs is missing or did not start; the text says what to do."""
