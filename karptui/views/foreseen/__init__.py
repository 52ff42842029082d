"""Shadow mode: predictions beside what Karpenter did."""
