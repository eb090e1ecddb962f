"""Labelled clips made from still pictures: what the scoreboard is tried on."""
