"""What stops the demo, in one sentence a person can act on."""


class DemoError(Exception):
    """The demo cannot go on; the message says why and what to do."""
