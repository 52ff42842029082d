"""The lab's EC2, shared with the provider's tests: one server for all of them."""

from tests.cloud.ec2.conftest import lab, running_lab

__all__ = ["lab", "running_lab"]
