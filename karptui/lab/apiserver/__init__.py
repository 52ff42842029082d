"""A Kubernetes API server in one process: the real protocol, without etcd."""
