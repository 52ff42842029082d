"""The real Karpenter core, asked the questions of scenario files: what our answers are held against."""
