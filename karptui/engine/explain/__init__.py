"""Reasons as sentences, and decisions down to the single instance type: worked out only when somebody looks."""

from karptui.engine.explain.claim import Explanation, explain_claim
from karptui.engine.explain.sentences import failure_sentence, failure_sentences, sentence
from karptui.engine.explain.smallest_change import Remedy, remedies, remedy_sentence, smallest_change

__all__ = [
    "Explanation",
    "Remedy",
    "explain_claim",
    "failure_sentence",
    "failure_sentences",
    "remedies",
    "remedy_sentence",
    "sentence",
    "smallest_change",
]
