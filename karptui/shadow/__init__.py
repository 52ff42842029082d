"""Shadow mode: what was predicted held against what the real Karpenter did, with verdict, cause and score."""
