"""`karptui doctor` on an AWS account that allows less than karptui needs."""

import asyncio
import json
import subprocess
import sys
from typing import Any

from karptui.cloud.ec2.account.rights import Action, actions, policy, role_of
from karptui.cloud.ec2.account.settings import ClusterSettings
from karptui.lab import manifests
from tests.control.ec2_plane import Ec2Plane, environment
from tests.control.faulty_aws import FaultyAws


async def doctor(ec2: Ec2Plane, aws: FaultyAws, *flags: str) -> tuple[int, dict[str, dict[str, Any]], str]:
    """Exit code, findings by check, and what went to stderr."""

    command = [sys.executable, "-m", "karptui", "doctor", f"--kubeconfig={ec2.plane.kubeconfig()}", "-o", "json"]
    command += [f"--endpoint-url={aws.url}", f"--cluster-name={manifests.CLUSTER}", *flags]
    done = await asyncio.to_thread(subprocess.run, command, env=environment(), capture_output=True, text=True)
    assert done.stdout, done.stderr
    return done.returncode, {entry["check"]: entry for entry in json.loads(done.stdout)}, done.stderr


async def test_each_action_that_the_account_lacks_is_named_with_the_policy_for_it(ec2: Ec2Plane) -> None:
    async with FaultyAws(ec2.aws.endpoint).serve() as aws:
        for action in ("CreateFleet", "DescribeSubnets", "TerminateInstances"):
            aws.refuse(action, "UnauthorizedOperation", status=403, times=99)
        aws.refuse("GetParameter", "AccessDeniedException", times=99)
        code, findings, _ = await doctor(ec2, aws, f"--queue={manifests.CLUSTER}")
    assert code == 1
    rights = findings["IAM actions"]
    assert rights["grade"] == "MISSING"
    missing = rights["text"].partition(";")[0]
    for action in ("ec2:CreateFleet", "ec2:DescribeSubnets", "ec2:TerminateInstances", "ssm:GetParameter"):
        assert action in missing
    assert "ec2:DescribeImages" not in missing
    statements = findings["IAM policy"]["policy"]["Statement"]
    owned = next(entry for entry in statements if "Condition" in entry)
    assert owned["Action"] == ["ec2:TerminateInstances"]
    assert owned["Condition"]["StringEquals"] == {f"aws:ResourceTag/kubernetes.io/cluster/{manifests.CLUSTER}": "owned"}
    assert aws.calls["ReceiveMessage"] == 0


async def test_each_right_that_reading_commitments_lacks_is_named_with_the_policy_and_is_no_obstacle(
    ec2: Ec2Plane,
) -> None:
    lacking = ("DescribeReservedInstances", "DescribeSavingsPlans", "DescribeSavingsPlanRates")
    async with FaultyAws(ec2.aws.endpoint).serve() as aws:
        aws.refuse(lacking[0], "UnauthorizedOperation", status=403, times=99)
        for action in lacking[1:]:  # a REST service: its calls are paths
            aws.refuse(f"POST /{action}", "AccessDeniedException", status=403, times=99)
        _, findings, _ = await doctor(ec2, aws, f"--queue={manifests.CLUSTER}")
    named = (
        "ec2:DescribeReservedInstances",
        "savingsplans:DescribeSavingsPlans",
        "savingsplans:DescribeSavingsPlanRates",
    )
    rights = findings["IAM for commitments"]
    assert rights["grade"] == "warn"
    assert "not allowed: " + ", ".join(named) in rights["text"]
    assert not any(action in findings["IAM actions"]["text"] for action in named)
    (statement,) = findings["IAM policy"]["policy"]["Statement"]
    assert statement["Action"] == sorted(named)


async def test_an_account_that_has_all_it_needs_is_told_so(ec2: Ec2Plane) -> None:
    async with FaultyAws(ec2.aws.endpoint).serve() as aws:
        _, findings, _ = await doctor(ec2, aws, f"--queue={manifests.CLUSTER}")
    assert findings["AWS credentials"]["grade"] == "ok"
    assert "IAM policy" not in findings
    assert findings["interruption queue"]["text"] == f"{manifests.CLUSTER} exists"
    assert findings["cluster"]["grade"] == "ok" and "10.96.0.0/16" in findings["cluster"]["text"]
    assert findings["EC2NodeClass default"]["text"].startswith("4 subnets, 1 security groups")
    assert findings["AWS clock"]["grade"] == "ok"
    assert not [item for item in await ec2.instances() if item["State"]["Name"] != "terminated"]


async def test_a_queue_that_is_not_there_is_missing(ec2: Ec2Plane) -> None:
    async with FaultyAws(ec2.aws.endpoint).serve() as aws:
        code, findings, _ = await doctor(ec2, aws, "--queue=nowhere")
    assert code == 1
    assert findings["interruption queue"]["grade"] == "MISSING"


def test_a_session_is_simulated_as_its_role() -> None:
    assert role_of("arn:aws:sts::1234:assumed-role/admin/me@example") == "arn:aws:iam::1234:role/admin"
    assert role_of("arn:aws:iam::1234:user/me") == "arn:aws:iam::1234:user/me"


def test_passing_the_node_role_is_allowed_for_ec2_alone() -> None:
    (statement,) = policy([Action("iam", "PassRole", scope="role")], ClusterSettings("prod"))["Statement"]
    assert statement["Condition"] == {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}


def test_zonal_shifts_take_a_right_of_their_own_where_they_are_honoured() -> None:
    def asked(arn: str = "") -> set[tuple[str, str]]:
        return {(action.service, action.name) for action in actions(ClusterSettings("lab", zonal_shift=arn))}

    assert asked("arn:aws:eks:us-east-1:123456789012:cluster/lab") - asked() == {
        ("arc-zonal-shift", "GetManagedResource")
    }
