"""Training the plate reader: plates drawn in code, distorted as cameras distort them, read by a small CTC net."""
