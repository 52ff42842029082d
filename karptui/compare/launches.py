"""Comparing what is sent to EC2 with what Karpenter's provider sent, part by part."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from karptui.model.resources import parse_resources

Answer = Mapping[str, Any]
Part = Callable[[Answer], object]

CLAIM_TAG, UID_TAG, NAME_TAG = "karpenter.sh/nodeclaim", "karptui/nodeclaim-uid", "Name"
"""What karptui puts on an instance at launch besides, so that it is found again after a crash; as its name it has the
claim's, unless a user gave another one."""
OWN_MEMBERS = ("ClientToken",)

_LIST = re.compile(r'(--(?:system-reserved|kube-reserved|eviction-[a-z-]+)=)"([^"]*)"')


def _status(answer: Answer) -> object:
    told = answer["nodeClass"]
    lists = {key: told.get(key) or [] for key in ("subnets", "securityGroups", "amis", "capacityReservations")}
    return lists | {"instanceProfile": told.get("instanceProfile")}


def _conditions(answer: Answer) -> object:
    return answer["nodeClass"]["conditions"]


def _hash(answer: Answer) -> object:
    return answer["nodeClass"]["hash"]


def _errors(answer: Answer) -> object:
    return [
        {key: value for key, value in (launch.get("error") or {}).items() if key != "message"}
        for launch in answer["launches"]
    ]


def _claims(answer: Answer) -> object:
    return [_amounts(launch.get("nodeClaim") or {}) for launch in answer["launches"]]


def _amounts(claim: Answer) -> object:
    """A NodeClaim with amounts as numbers: 50G and 48828125Ki are the same."""
    read = {key: parse_resources(claim[key]) for key in ("capacity", "allocatable") if key in claim}
    return dict(claim) | read


def _templates(answer: Answer) -> object:
    return [sorted(_text(_content(template)) for template in launch["createLaunchTemplate"]) for launch in _all(answer)]


def _fleets(answer: Answer) -> object:
    known: dict[str, str] = {}
    found: list[object] = []
    for launch in _all(answer):
        known.update({entry["LaunchTemplateName"]: _text(_content(entry)) for entry in launch["createLaunchTemplate"]})
        fleets = [_named(_sent(fleet), known) for fleet in launch["createFleet"]]
        found.append(fleets + [_named(_sent(run), known) for run in launch.get("runInstances") or []])
    return found


def _all(answer: Answer) -> list[Answer]:
    empty = {"createLaunchTemplate": [], "createFleet": []}
    return [empty | dict(answer.get("dryRun") or {}), *answer["launches"]]


def _content(template: Answer) -> Any:
    """A template without its name: nobody needs to reproduce the hash in it."""
    sent = _sent({key: value for key, value in template.items() if key != "LaunchTemplateName"})
    data = sent["LaunchTemplateData"]
    if "UserData" in data:
        data["UserData"] = _LIST.sub(
            lambda found: f'{found[1]}"{",".join(sorted(found[2].split(",")))}"', data["UserData"]
        )
    return sent


def _sent(request: Answer) -> Any:
    """A request without what only karptui sends; tags in order."""
    copy = json.loads(json.dumps(request))
    for key in OWN_MEMBERS:
        copy.pop(key, None)
    for tagged in [
        *(copy.get("TagSpecifications") or []),
        *(copy.get("LaunchTemplateData") or {}).get("TagSpecifications", []),
    ]:
        tags = {tag["Key"]: tag["Value"] for tag in tagged["Tags"]}
        claim = tags.pop(CLAIM_TAG, None)
        tags.pop(UID_TAG, None)
        if claim is not None and tags.get(NAME_TAG) == claim:
            del tags[NAME_TAG]
        tagged["Tags"] = sorted(tags.items())
    return copy


def _named(request: Any, known: Mapping[str, str]) -> Any:
    """The names of templates replaced by what they hold; overrides in the order in which EC2 would try them."""
    for config in request.get("LaunchTemplateConfigs") or []:
        specification = config["LaunchTemplateSpecification"]
        specification["LaunchTemplateName"] = known.get(specification["LaunchTemplateName"], "unknown")
        config["Overrides"].sort(key=_order)
    if "LaunchTemplateConfigs" in request:
        request["LaunchTemplateConfigs"].sort(key=lambda config: [_order(entry) for entry in config["Overrides"]])
    if "LaunchTemplate" in request:
        request["LaunchTemplate"]["LaunchTemplateName"] = known.get(
            request["LaunchTemplate"]["LaunchTemplateName"], "unknown"
        )
    return request


def _order(override: Answer) -> tuple[Any, ...]:
    return (
        override.get("Priority", 0),
        override["InstanceType"],
        override.get("AvailabilityZone", ""),
        override["SubnetId"],
    )


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True)


PARTS: dict[str, Part] = {
    "status": _status,
    "conditions": _conditions,
    "hash": _hash,
    "errors": _errors,
    "templates": _templates,
    "fleets": _fleets,
    "NodeClaims": _claims,
}
"""What an answer consists of; the whole of it but the words of errors."""


def launch_difference(ours: Answer, theirs: Answer) -> tuple[str, object, object] | None:
    """The first part in which two answers differ, with both sides; None if they agree."""
    for name, part in PARTS.items():
        mine, wanted = part(ours), part(theirs)
        if mine != wanted:
            return name, mine, wanted
    return None
