"""Questions that were put to the real Karpenter v1.14.1, with its answers (README.md), and how ours compare."""
