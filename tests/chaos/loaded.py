"""Imported once by the process from which controllers are forked."""

from tests.chaos.controller import load

load()
