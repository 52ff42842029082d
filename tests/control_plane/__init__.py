"""A real Kubernetes control plane, built from Go modules and started on loopback for the tests."""
