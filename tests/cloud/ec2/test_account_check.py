"""What is wrong with an account is said in one sentence before anything is done with it."""

import pytest

from karptui.cli.active import Aws, ec2_choice
from karptui.cloud.ec2.account.account_check import check_account
from karptui.cloud.ec2.api.client import Account, AwsClients
from karptui.cloud.provider import NotFound, Unauthorized, Unreachable
from karptui.failure import Failure
from karptui.lab.ec2 import Ec2Lab
from karptui.settings import Settings
from tests.control.faulty_aws import FaultyAws

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def checked(account: Account, queue: str = "") -> None:
    clients = AwsClients(account)
    try:
        await check_account(clients, queue)
    finally:
        await clients.close()


def lab_account(url: str) -> Account:
    return Account("us-east-1", url, access_key_id="lab", secret_access_key="lab")


async def test_an_account_that_answers_passes(lab: Ec2Lab) -> None:
    await checked(lab.account())
    async with FaultyAws(lab.endpoint).serve() as aws:
        aws.refuse("DescribeInstanceTypes", "DryRunOperation", status=412)
        await checked(lab_account(aws.url))
        aws.throttle(times=20)
        await checked(lab_account(aws.url))


async def test_a_queue_that_is_not_there_is_named(lab: Ec2Lab) -> None:
    with pytest.raises(NotFound, match="no SQS queue nosuch in this account and region: see --queue and --region"):
        await checked(lab.account(), "nosuch")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("RequestExpired", "credentials have expired: log in again"),
        ("AuthFailure", "does not accept the credentials: check AWS_PROFILE"),
        ("UnauthorizedOperation", "may not call ec2:DescribeInstanceTypes: add it to their policy"),
    ],
)
async def test_credentials_that_will_not_do_are_told_so(lab: Ec2Lab, code: str, words: str) -> None:
    async with FaultyAws(lab.endpoint).serve() as aws:
        aws.refuse("DescribeInstanceTypes", code, status=403)
        with pytest.raises(Unauthorized, match=words):
            await checked(lab_account(aws.url))


async def test_without_credentials_or_with_an_unknown_profile_it_is_said_where_to_get_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, f"{tmp_path}/nothing")
    with pytest.raises(Unauthorized, match="there are no AWS credentials here"):
        await checked(Account("us-east-1", "http://127.0.0.1:9"))
    with pytest.raises(Unauthorized, match="no profile nosuch: see aws configure list-profiles"):
        await checked(Account("us-east-1", "http://127.0.0.1:9", "nosuch"))


async def test_an_account_that_does_not_answer_is_told_where_it_was_looked_for() -> None:
    with pytest.raises(Unreachable, match=r"ec2 does not answer on http://127.0.0.1:9"):
        await checked(lab_account("http://127.0.0.1:9"))


async def test_the_regions_of_every_partition_are_known() -> None:
    regions = await AwsClients(Account("us-east-1")).regions()
    assert {"us-east-1", "eu-central-1", "cn-north-1", "us-gov-west-1"} <= regions and "nowhere-1" not in regions


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (Aws(endpoint_url="notaurl"), "--endpoint-url notaurl: that is no URL"),
        (Aws(cluster_endpoint="foo:443"), "--cluster-endpoint foo:443: that is no URL"),
        (Aws(cluster_ca_bundle="not base64!"), "--cluster-ca-bundle: it is not base64"),
        (Aws(service_cidr="10.0.0.0/99"), "--service-cidr 10.0.0.0/99"),
    ],
)
async def test_flags_that_make_no_sense_are_refused_before_anything_is_asked(given: Aws, words: str) -> None:
    with pytest.raises(Failure, match=words):
        ec2_choice(given, Settings())
