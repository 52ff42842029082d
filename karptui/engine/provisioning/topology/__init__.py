"""Topology spread, pod affinity and pod anti-affinity (spec/scheduling.md 7)."""
