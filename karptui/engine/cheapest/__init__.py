"""Beyond Karpenter: its rules for what may be where, with nodes chosen by what they cost."""

from karptui.engine.cheapest.choice import cheapest, price_of
from karptui.engine.cheapest.policy import COMPARED_PODS, Policy, decide

__all__ = ["COMPARED_PODS", "Policy", "cheapest", "decide", "price_of"]
