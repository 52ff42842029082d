"""An EC2, SSM and IAM that answer from a launch scenario, as those did that the recorded provider called."""

import base64
from collections.abc import AsyncIterator, Callable
from fnmatch import fnmatchcase
from typing import Any

from botocore.exceptions import ClientError

from karptui.cloud.ec2.api.client import Account, AwsClients

Entry = dict[str, Any]
ACCOUNT = "123456789012"
REGION = "us-east-1"

_MEMBERS = {
    "subnet-id": "SubnetId",
    "group-id": "GroupId",
    "group-name": "GroupName",
    "image-id": "ImageId",
    "name": "Name",
    "state": "State",
    "owner-id": "OwnerId",
    "instance-match-criteria": "InstanceMatchCriteria",
}


def refused(operation: str, code: str, message: str) -> ClientError:
    """An error as botocore raises it."""
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


def _selected(entries: list[Entry], filters: list[Entry]) -> list[Entry]:
    return [entry for entry in entries if all(_passes(entry, wanted) for wanted in filters)]


def _passes(entry: Entry, wanted: Entry) -> bool:
    tags = {tag["Key"]: tag["Value"] for tag in entry.get("Tags", [])}
    name: str = wanted["Name"]
    if name == "tag-key":
        have = list(tags)
    elif name.startswith("tag:"):
        have = [tags[name[4:]]] if name[4:] in tags else []
    else:
        have = [entry[_MEMBERS[name]]]
    return any(fnmatchcase(value, pattern) for value in have for pattern in wanted["Values"])


class Pages:
    """A paginator of one page."""

    def __init__(self, answer: Callable[..., Entry]) -> None:
        self._answer = answer

    async def paginate(self, **asked: Any) -> AsyncIterator[Entry]:
        """The one page."""
        yield self._answer(**asked)


class ScenarioEc2:
    """Keeps what it was sent until that is taken."""

    def __init__(self, scenario: Entry) -> None:
        self._scenario = scenario
        self._faults = [dict(fault) for fault in scenario.get("callErrors", [])]
        self._known: set[str] = set()
        self._count = 0
        self._sent: dict[str, list[Entry]] = {}
        self.take()

    def take(self) -> dict[str, list[Entry]]:
        """The calls since the last time, by name as the answer has them; user data as text."""
        sent, self._sent = self._sent, {"createLaunchTemplate": [], "createFleet": [], "runInstances": []}
        return sent

    def get_paginator(self, operation: str) -> Pages:
        """The answers that come in pages."""
        answers: dict[str, Callable[..., Entry]] = {
            "describe_subnets": lambda Filters: {"Subnets": _selected(self._scenario["subnets"], Filters)},
            "describe_security_groups": lambda Filters: {
                "SecurityGroups": _selected(self._scenario["securityGroups"], Filters)
            },
            "describe_images": self._images,
            "describe_capacity_reservations": self._reservations,
            "describe_launch_templates": lambda Filters: {
                "LaunchTemplates": [
                    {"LaunchTemplateName": name} for name in self._known if name in Filters[0]["Values"]
                ]
            },
            "describe_instances": lambda **_: {"Reservations": []},
        }
        return Pages(answers[operation])

    def _images(self, Filters: list[Entry], Owners: list[str] | None = None, **_: Any) -> Entry:
        def owned(image: Entry) -> bool:
            own = {image["OwnerId"], image.get("ImageOwnerAlias", "")} | (
                {"self"} if image["OwnerId"] == ACCOUNT else set()
            )
            return Owners is None or not own.isdisjoint(Owners)

        return {"Images": [image for image in _selected(self._scenario["images"], Filters) if owned(image)]}

    def _reservations(self, Filters: list[Entry], CapacityReservationIds: list[str] | None = None) -> Entry:
        found = _selected(self._scenario.get("capacityReservations", []), Filters)
        wanted = CapacityReservationIds
        return {"CapacityReservations": [e for e in found if not wanted or e["CapacityReservationId"] in wanted]}

    async def describe_placement_groups(self, GroupIds: Any = (), GroupNames: Any = ()) -> Entry:
        """The question's groups of these ids or names."""
        groups = self._scenario.get("placementGroups", [])
        return {"PlacementGroups": [g for g in groups if g["GroupId"] in GroupIds or g["GroupName"] in GroupNames]}

    def _fail(self, call: str) -> None:
        for fault in self._faults:
            if fault["call"] == call and fault["times"]:
                fault["times"] -= 1
                raise refused(call, fault["code"], fault["message"])

    async def create_launch_template(self, **asked: Any) -> None:
        """Taken, and known from now on."""
        data = dict(asked["LaunchTemplateData"])
        data["UserData"] = base64.b64decode(data["UserData"], validate=True).decode()
        self._sent["createLaunchTemplate"].append(asked | {"LaunchTemplateData": data})
        self._fail("CreateLaunchTemplate")
        self._known.add(asked["LaunchTemplateName"])

    async def run_instances(self, **asked: Any) -> None:
        """A dry run, which EC2 answers with an error also where it is allowed."""
        self._sent["runInstances"].append(asked)
        self._fail("RunInstances")
        raise refused("RunInstances", "DryRunOperation", "")

    async def create_fleet(self, **asked: Any) -> Entry:
        """Instances and errors, as the question says which pools are refused."""
        self._sent["createFleet"].append(asked)
        self._fail("CreateFleet")
        if asked.get("DryRun"):
            raise refused("CreateFleet", "DryRunOperation", "")
        target = asked["TargetCapacitySpecification"]["DefaultTargetCapacityType"]
        errors: list[Entry] = []
        instances: list[Entry] = []
        for override in overrides(asked):
            fault = next((fault for fault in self._scenario.get("refuse", []) if _hits(fault, target, override)), None)
            place = {"LaunchTemplateAndOverrides": {"Overrides": override}}
            if fault is not None:
                errors.append({"ErrorCode": fault["code"], "ErrorMessage": fault["message"]} | place)
            elif not instances:
                self._count += 1
                instance = {"InstanceIds": [f"i-{self._count:017d}"], "InstanceType": override["InstanceType"]}
                instances.append(instance | place)
        return {"Errors": errors, "Instances": instances}


def overrides(fleet: Entry) -> list[Entry]:
    """Every override of a CreateFleet, in the order in which the fake tries them."""
    found = [override for config in fleet["LaunchTemplateConfigs"] for override in config["Overrides"]]
    return sorted(found, key=lambda entry: (entry["Priority"], entry["InstanceType"], entry["AvailabilityZone"]))


def _hits(fault: Entry, target: str, override: Entry) -> bool:
    asked = {
        "target": target,
        "instanceType": override["InstanceType"],
        "zone": override["AvailabilityZone"],
        "subnet": override["SubnetId"],
    }
    return all(fault.get(key, value) == value for key, value in asked.items())


class ScenarioSsm:
    """The parameters that name images."""

    def __init__(self, scenario: Entry) -> None:
        self._parameters: dict[str, str] = scenario["ssmParameters"]

    async def get_parameter(self, Name: str) -> Entry:
        """A parameter's value."""
        if Name not in self._parameters:
            raise refused("GetParameter", "ParameterNotFound", "")
        return {"Parameter": {"Value": self._parameters[Name]}}


class ScenarioIam:
    """The one instance profile."""

    def __init__(self, scenario: Entry) -> None:
        self._role = scenario["nodeClass"]["spec"].get("role", "").rpartition("/")[2]

    async def get_instance_profile(self, InstanceProfileName: str) -> Entry:
        """The profile with the question's role in it."""
        return {"InstanceProfile": {"Roles": [{"RoleName": self._role}]}}


class ScenarioClients(AwsClients):
    """Clients that ask nothing but the scenario."""

    def __init__(self, scenario: Entry) -> None:
        super().__init__(Account(REGION))
        self.ec2 = ScenarioEc2(scenario)
        self._scenarios: dict[str, Any] = {
            "ec2": self.ec2,
            "ssm": ScenarioSsm(scenario),
            "iam": ScenarioIam(scenario),
        }

    async def get(self, service: str) -> Any:
        """The client of ec2, ssm or iam."""
        return self._scenarios[service]
