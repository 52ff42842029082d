"""The machinery of the lab's cluster: controllers, scheduler, kubelets, nodes from instances."""

from karptui.lab.cluster.cluster import PARTS, Cluster
from karptui.lab.cluster.delays import Delays, StartupDaemon
from karptui.lab.cluster.instances import Instance, InstanceFeed

__all__ = ["PARTS", "Cluster", "Delays", "Instance", "InstanceFeed", "StartupDaemon"]
