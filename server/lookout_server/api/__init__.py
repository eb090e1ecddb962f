"""The HTTP API, version 1: thin routes over the services, and what they share."""
