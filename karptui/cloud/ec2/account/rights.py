"""Which IAM actions karptui needs (spec/aws.md 6.1), which of them are missing, and the policy that would mend it.

EC2's calls are asked as dry runs, reads of other services are made, and what can only be done is simulated by IAM where
that is allowed. Nothing is changed.
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from karptui.cloud.ec2.account.settings import ClusterSettings
from karptui.cloud.ec2.api.client import AwsClients
from karptui.cloud.ec2.api.errors import calling, code_of
from karptui.cloud.provider import CloudError

DENIED = frozenset({"UnauthorizedOperation", "AccessDenied", "AccessDeniedException", "AuthorizationError"})
AT_ONCE = 8
NOBODY = "i-00000000000000000"


class Action(Struct, frozen=True):
    """One IAM action. `asked` are the arguments of a call that changes nothing; None: only IAM can tell.

    `scope` says what its statement is limited to: "" nothing, "owned" what carries the cluster's tag, "role" the node
    role. A `settling` action changes something, so that only a dry run's own answer, or a refusal, means anything.
    `priced`: only effective prices need it, active mode works without.
    """

    service: str
    name: str
    asked: Mapping[str, Any] | None = None
    scope: str = ""
    settling: bool = False
    priced: bool = False

    @property
    def iam(self) -> str:
        """As a policy names it."""
        return f"{self.service}:{self.name}"


class Rights(Struct, frozen=True):
    """Actions by what was found out: allowed, missing, or not to be told."""

    allowed: tuple[Action, ...]
    missing: tuple[Action, ...]
    untold: tuple[Action, ...]


_DRY = {"DryRun": True}
_LAUNCH = {"MinCount": 1, "MaxCount": 1, "ImageId": "ami-00000000000000000", "InstanceType": "m5.large", **_DRY}
_FLEET = {
    "Type": "instant",
    "LaunchTemplateConfigs": [
        {
            "LaunchTemplateSpecification": {"LaunchTemplateName": "karptui-doctor", "Version": "$Latest"},
            "Overrides": [{"InstanceType": "m5.large"}],
        }
    ],
    "TargetCapacitySpecification": {"TotalTargetCapacity": 1, "DefaultTargetCapacityType": "on-demand"},
    **_DRY,
}
_READS = (
    "DescribeInstanceTypes",
    "DescribeInstanceTypeOfferings",
    "DescribeSpotPriceHistory",
    "DescribeSubnets",
    "DescribeSecurityGroups",
    "DescribeImages",
    "DescribeCapacityReservations",
    "DescribePlacementGroups",
    "DescribeInstances",
    "DescribeInstanceStatus",
    "DescribeLaunchTemplates",
)
_PROFILES = ("CreateInstanceProfile", "TagInstanceProfile", "AddRoleToInstanceProfile", "RemoveRoleFromInstanceProfile")

_COMMITMENTS = (
    Action("ec2", "DescribeReservedInstances", _DRY, priced=True),
    Action("savingsplans", "DescribeSavingsPlans", {"maxResults": 1}, priced=True),
    Action(
        "savingsplans",
        "DescribeSavingsPlanRates",
        {"savingsPlanId": "00000000-0000-0000-0000-000000000000", "maxResults": 1},
        priced=True,
    ),
)
"""What reading commitments needs beside ec2:DescribeCapacityReservations, which launches need too."""


def actions(cluster: ClusterSettings) -> list[Action]:
    """All that active mode calls, the queue's only if there is one."""
    template = {"LaunchTemplateName": "karptui-doctor", "LaunchTemplateData": {"InstanceType": "m5.large"}, **_DRY}
    tags = {"Resources": [NOBODY], "Tags": [{"Key": "Name", "Value": "karptui-doctor"}], **_DRY}
    found = [Action("ec2", name, _DRY) for name in _READS]
    found += [
        Action("ec2", "CreateFleet", _FLEET, settling=True),
        Action("ec2", "RunInstances", _LAUNCH, settling=True),
        Action("ec2", "CreateLaunchTemplate", template, settling=True),
        Action("ec2", "DeleteLaunchTemplate", {"LaunchTemplateName": "karptui-doctor", **_DRY}, "owned", True),
        Action("ec2", "CreateTags", tags, settling=True),
        Action("ec2", "TerminateInstances", {"InstanceIds": [NOBODY], **_DRY}, "owned", True),
        Action("ssm", "GetParameter", {"Name": "/aws/service/eks/optimized-ami/karptui-doctor"}),
        Action("pricing", "GetProducts", {"ServiceCode": "AmazonEC2", "MaxResults": 1}),
        Action("eks", "DescribeCluster", {"name": cluster.name}),
        Action("iam", "GetInstanceProfile", {"InstanceProfileName": "karptui-doctor"}),
        Action("iam", "ListInstanceProfiles", {"MaxItems": 1}),
        *(Action("iam", name) for name in (*_PROFILES, "DeleteInstanceProfile")),
        Action("iam", "PassRole", scope="role"),
        *_COMMITMENTS,
    ]
    if cluster.zonal_shift:
        found.append(Action("arc-zonal-shift", "GetManagedResource", {"resourceIdentifier": cluster.zonal_shift}))
    if cluster.queue:
        found.append(Action("sqs", "GetQueueUrl", {"QueueName": cluster.queue}))
        # Reading would take messages from whoever acts on them.
        found += [Action("sqs", "ReceiveMessage"), Action("sqs", "DeleteMessage")]
    return found


async def find_rights(clients: AwsClients, cluster: ClusterSettings, principal: str) -> Rights:
    """Ask about every action. `principal` is the ARN that sts:GetCallerIdentity tells."""
    limit = asyncio.Semaphore(AT_ONCE)

    async def ask(action: Action) -> bool | None:
        async with limit:
            return await _ask(clients, action)

    wanted = actions(cluster)
    answers = dict(zip((action.iam for action in wanted), await asyncio.gather(*map(ask, wanted)), strict=True))
    answers |= await _simulated(
        clients, cluster, principal, [name for name, answer in answers.items() if answer is None]
    )

    def those(verdict: bool | None) -> tuple[Action, ...]:
        return tuple(action for action in wanted if answers[action.iam] is verdict)

    return Rights(those(True), those(False), those(None))


async def _ask(clients: AwsClients, action: Action) -> bool | None:
    """Whether the call is allowed; None: its answer does not tell."""
    if action.asked is None:
        return None
    try:
        client = await clients.get(action.service)
        with calling(action.service, action.name):
            await getattr(client, _snake(action.name))(**action.asked)
    except CloudError as problem:
        code = code_of(problem.__cause__) if problem.__cause__ is not None else ""
        if code in DENIED:
            return False
        if not code:
            return None  # no answer of AWS'
        # EC2 looks at the arguments before the rights: any other complaint about a write says nothing of them.
        return True if code == "DryRunOperation" or not action.settling else None
    return True


async def _simulated(
    clients: AwsClients, cluster: ClusterSettings, principal: str, asked: list[str]
) -> dict[str, bool | None]:
    """What IAM says of actions (by their names in a policy) that cannot be tried, in the circumstances of a launch."""
    owned = f"kubernetes.io/cluster/{cluster.name}"
    told = {
        f"aws:RequestTag/{owned}": "owned",
        f"aws:ResourceTag/{owned}": "owned",
        "aws:RequestTag/eks:eks-cluster-name": cluster.name,
        "aws:ResourceTag/eks:eks-cluster-name": cluster.name,
        "ec2:CreateAction": "CreateFleet",
        "iam:PassedToService": "ec2.amazonaws.com",
    }
    context = [
        {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"} for key, value in told.items()
    ]
    try:
        iam = await clients.get("iam")
        with calling("iam", "SimulatePrincipalPolicy"):
            answer = await iam.simulate_principal_policy(
                PolicySourceArn=role_of(principal), ActionNames=asked, ContextEntries=context
            )
    except CloudError:
        return dict.fromkeys(asked)
    decided = {entry["EvalActionName"]: entry["EvalDecision"] == "allowed" for entry in answer["EvaluationResults"]}
    return {name: decided.get(name) for name in asked}


def role_of(principal: str) -> str:
    """The role behind a session: arn:aws:sts::1:assumed-role/NAME/SESSION is arn:aws:iam::1:role/NAME."""
    if ":assumed-role/" not in principal:
        return principal
    head, _, rest = principal.partition(":assumed-role/")
    return f"{head.replace(':sts:', ':iam:')}:role/{rest.partition('/')[0]}"


def policy(missing: Iterable[Action], cluster: ClusterSettings, role: str = "*") -> dict[str, Any]:
    """The policy that allows these actions, each no further than it is needed. `role` is the ARN of the nodes' role."""
    conditions: dict[str, dict[str, Any]] = {
        "": {"Resource": "*"},
        "owned": {
            "Resource": "*",
            "Condition": {"StringEquals": {f"aws:ResourceTag/kubernetes.io/cluster/{cluster.name}": "owned"}},
        },
        "role": {"Resource": role, "Condition": {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}},
    }
    by_scope: dict[str, list[str]] = {}
    for action in missing:
        by_scope.setdefault(action.scope, []).append(action.iam)
    names = {"": "Karptui", "owned": "KarptuiOwnedResources", "role": "KarptuiNodeRole"}
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": names[scope], "Effect": "Allow", "Action": sorted(listed), **conditions[scope]}
            for scope, listed in by_scope.items()
        ],
    }


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
