"""The disruption engine."""
