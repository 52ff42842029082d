"""Reasons as sentences, and decisions down to the single instance type: worked out only when somebody looks."""

from karptui.engine.explain.claim import Explanation, explain_claim
from karptui.engine.explain.sentences import failure_sentence, sentence

__all__ = ["Explanation", "explain_claim", "failure_sentence", "sentence"]
