"""The Kubernetes API: connect, list and watch, decode, write."""
