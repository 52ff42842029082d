"""Reasons as sentences, and decisions down to the single instance type: worked out only when somebody looks."""

from karptui.engine.explain.sentences import failure_sentence, sentence

__all__ = ["failure_sentence", "sentence"]
