"""The machine images of the lab's account and the SSM parameters that name them."""

from typing import Any

from karptui.cloud.ec2.pricing.prices import chance

OWNER = "602401143452"
"""The account that publishes the EKS images."""
RELEASE = "v20251210"

VARIANTS = (
    ("x86_64", "standard"),
    ("x86_64", "nvidia"),
    ("x86_64", "neuron"),
    ("arm64", "standard"),
    ("arm64", "nvidia"),
)


def image_name(kubernetes: str, architecture: str, variant: str) -> str:
    """The name that EKS gives an AL2023 image."""
    return f"amazon-eks-node-al2023-{architecture}-{variant}-{kubernetes}-{RELEASE}"


def image_id(name: str) -> str:
    """A steady id for an image name."""
    return f"ami-{int(chance('image', name) * 16**17):017x}"


def images(kubernetes: str) -> list[dict[str, Any]]:
    """AL2023 images of one Kubernetes version, in the shape of moto's own list."""
    found: list[dict[str, Any]] = []
    for architecture, variant in VARIANTS:
        name = image_name(kubernetes, architecture, variant)
        found.append(
            {
                "ami_id": image_id(name),
                "name": name,
                "description": f"EKS-optimized Kubernetes node based on Amazon Linux 2023, {variant}",
                "owner_id": OWNER,
                "public": True,
                "virtualization_type": "hvm",
                "architecture": architecture,
                "state": "available",
                "platform": None,
                "image_type": "machine",
                "hypervisor": "xen",
                "root_device_name": "/dev/xvda",
                "root_device_type": "ebs",
                "sriov": "simple",
                "creation_date": "2025-12-11T08:00:00.000Z",
                "image_location": f"amazon/{name}",
            }
        )
    return found


def parameters(kubernetes: str) -> dict[str, str]:
    """SSM parameter → image id, as EKS publishes them: the recommended image and the release by name."""
    found: dict[str, str] = {}
    for architecture, variant in VARIANTS:
        name = image_name(kubernetes, architecture, variant)
        folder = f"/aws/service/eks/optimized-ami/{kubernetes}/amazon-linux-2023/{architecture}/{variant}"
        for leaf in ("recommended", name):
            found[f"{folder}/{leaf}/image_id"] = image_id(name)
    return found
