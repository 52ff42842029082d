"""EC2 for the lab: moto's server as a process of its own, with capacity, prices and interruptions added."""

from karptui.lab.ec2.process import Ec2Lab, Ec2LabError, start_ec2

__all__ = ["Ec2Lab", "Ec2LabError", "start_ec2"]
