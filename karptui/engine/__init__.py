"""Decides: pure functions from a Snapshot to Decisions. No clock, no random source, no logging, no await."""
