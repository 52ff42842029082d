"""The cloud provider seam and what stands behind it."""
