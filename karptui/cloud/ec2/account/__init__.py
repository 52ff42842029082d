"""The account and the cluster in it: settings, rights, what EKS tells."""
