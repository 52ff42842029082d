"""moto's backends, loaded with no more than the lab needs: left alone moto takes three seconds to start."""

from typing import Any

ACCOUNT = "123456789012"
"""moto's account for any credentials."""

SERVICES = ("ec2", "sqs", "ssm", "iam")


class Backends:
    """moto's backends of one region: `ec2`, `sqs`, `ssm` of the region, `iam` of the account."""

    def __init__(self, region: str) -> None:
        from moto.backends import get_backend

        self.region = region
        self.ec2: Any = get_backend("ec2")[ACCOUNT][region]
        self.sqs: Any = get_backend("sqs")[ACCOUNT][region]
        self.ssm: Any = get_backend("ssm")[ACCOUNT][region]
        self.iam: Any = get_backend("iam")[ACCOUNT]["aws"]


def load(region: str, images: list[dict[str, Any]], seed: str) -> Backends:
    """Import moto and make the backends of one region, with these images only. Call it once per process."""
    _know_one_region(region)
    _skip_resources(region, images)
    _parse_requests_quickly()
    from moto.moto_api._internal import mock_random

    mock_random.seed(seed)
    return Backends(region)


def _know_one_region(region: str) -> None:
    # moto asks boto for every region of every service and makes a backend's skeleton for each: a second of its start.
    import boto3.session

    def regions(
        _session: Any, _service: str, partition_name: str = "aws", allow_non_regional: bool = False
    ) -> list[str]:
        return sorted({region, "us-east-1"}) if partition_name == "aws" else []

    session: Any = boto3.session.Session
    session.get_available_regions = regions
    session.get_available_partitions = lambda _session: ["aws"]


def _skip_resources(region: str, images: list[dict[str, Any]]) -> None:
    import moto.utilities.utils as resources

    read = resources.load_resource

    def read_what_is_needed(resource: str) -> Any:
        if resource == "ec2/resources/amis.json":
            return images
        if "instance_type_offerings" in resource and f"/{region}." not in resource:
            return []
        if "latest_amis" in resource:
            return []
        if "ecs/optimized_amis" in resource:
            return {}
        return read(resource)

    resources.load_resource = read_what_is_needed


def _parse_requests_quickly() -> None:
    # moto looks through every parameter of a request for every member that could be in it: a CreateFleet with 240
    # overrides takes it a second, with the same answer that a set of the parameters' beginnings gives at once.
    from moto.core.parse import QueryParser

    parser: Any = QueryParser
    parse = parser._do_parse

    def do_parse(self: Any, request: Any, shape: Any) -> Any:
        self.beginnings = {name[:end] for name in request["values"] for end in (*_dots(name), len(name))}
        return parse(self, request, shape)

    parser._do_parse = do_parse
    parser._gonna_recurse = lambda self, _values, prefix: prefix != "" and prefix not in self.beginnings


def _dots(name: str) -> list[int]:
    return [position for position, letter in enumerate(name) if letter == "."]
