"""The second look: a small classifier that judges what the detector took for fire or smoke."""
