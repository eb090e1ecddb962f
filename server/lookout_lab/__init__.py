"""The crash lab and the load bench: real processes on loopback, driven and judged from outside.

Nothing of it is in the wheel. It speaks to the dispatcher through its command line, MQTT, HTTP and database only; the
gateway it runs is the real spool and the real link with a made-up camera (``gateway``).
"""
