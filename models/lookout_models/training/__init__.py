"""Training of the shipped models. Only what lies below imports torch; the gateway never does."""
