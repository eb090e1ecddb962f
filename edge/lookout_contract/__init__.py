"""The wire between gateways, the dispatcher and whoever subscribes: messages, topics and their schemas.

Pydantic models only. Nothing here opens a socket, reads a clock or touches a file. Within v1 every change is
additive: a reader ignores fields it does not know, so an older dispatcher understands a newer gateway.
"""
