"""A whole Lookout on one machine: the demo, and its check that nobody has to watch.

It starts the two programs a user would start (``lookout-server run`` and ``lookout-edge run``) as children and talks to
them as anybody would, through their command lines, their configuration files and the public API.
"""
