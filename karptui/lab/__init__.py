"""The embedded cluster: an API server, the controllers a cluster has, and their clock."""
