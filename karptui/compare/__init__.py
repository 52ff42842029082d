"""Our answers held against Karpenter's."""
