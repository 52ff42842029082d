"""A kube-scheduler: queue, filters, scores, binding, and the words for pods that fit nowhere."""
