"""The places, one screen each; installed once and switched between."""
