"""karptui watches a Kubernetes cluster, decides what Karpenter would decide, and shows why."""

__version__ = "0.1.0"
