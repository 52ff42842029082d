"""User data out of the ordinary: what Karpenter's AWS provider v1.14.1 makes of it, by its rules for each family."""

import tomllib
from typing import Any

import pytest

from karptui.cloud.ec2.account.settings import ClusterSettings
from karptui.cloud.ec2.bootstrap.user_data import NodeTold, user_data
from karptui.cloud.ec2.nodeclass.images import image_version
from karptui.cloud.provider import CreateError

CLUSTER = ClusterSettings("lab", "https://lab", "Y2E=", "10.96.0.10", "10.96.0.0/12")
TOLD = NodeTold({"karpenter.sh/nodepool": "default"}, (), 29)


def made(family: str, own: str = "", cluster: ClusterSettings = CLUSTER, told: NodeTold = TOLD, **spec: Any) -> str:
    return user_data(family, {"userData": own, **spec}, cluster, told)


def kubernetes(own: str, **more: Any) -> dict[str, Any]:
    return tomllib.loads(made("Bottlerocket", own, **more))["settings"]["kubernetes"]


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ('max-pods = "many"', "max-pods is not a whole number"),
        ("image-gc-high-threshold-percent = 85", "image-gc-high-threshold-percent is not a text"),
        ("seccomp-default = 1", "seccomp-default is not true or false"),
        ("registry-qps = true", "registry-qps is not a whole number"),
        ("allowed-unsafe-sysctls = [1]", r"allowed-unsafe-sysctls\[0\] is not a text"),
        ('node-labels = "a=b"', "node-labels is not a table"),
        ("node-labels = {a = 1}", "node-labels.a is not a text"),
        ("log-level = -1", "log-level is not a whole number from 0"),
    ],
)
def test_a_bottlerocket_setting_of_another_kind_fails_the_launch(setting: str, words: str) -> None:
    with pytest.raises(CreateError, match=words) as refused:
        made("Bottlerocket", f"[settings.kubernetes]\n{setting}\n")
    assert refused.value.reason == "LaunchFailed"


@pytest.mark.parametrize("own", ["settings = 5\n", "[settings]\nkubernetes = 'x'\n"])
def test_bottlerocket_settings_that_are_no_table_fail_the_launch(own: str) -> None:
    with pytest.raises(CreateError, match="is not a table"):
        made("Bottlerocket", own)


def test_bottlerocket_settings_that_karpenter_knows_are_kept_and_others_are_lost() -> None:
    found = kubernetes(
        "[settings.kubernetes]\nprovider-id = 'x'\nserver-key = 'x'\ncontainer-log-max-workers = 2\n"
        "container-log-monitor-interval = '5s'\nmemory-manager-policy = 'Static'\n"
        "[settings.kubernetes.topology-manager-policy-options]\nmax-allowable-numa-nodes = 8\nother = 1\n"
        "[settings.kubernetes.credential-providers.ecr]\nenabled = true\nunknown = 1\n"
    )
    assert "provider-id" not in found and "server-key" not in found
    assert found["container-log-max-workers"] == 2 and found["container-log-monitor-interval"] == "5s"
    assert found["memory-manager-policy"] == "Static"
    assert found["topology-manager-policy-options"] == {"max-allowable-numa-nodes": 8}
    assert found["credential-providers"] == {"ecr": {"enabled": True, "image-patterns": []}}


def test_bottlerocket_settings_stand_in_karpenters_order() -> None:
    text = made(
        "Bottlerocket",
        "[settings.kubernetes]\nlog-level = 2\ncpu-manager-policy-options = ['a']\ncpu-manager-policy = 'static'\n"
        "cpu-manager-reconcile-period = '5s'\nids-per-pod = 9\ncpu-cfs-quota-enforced = true\n",
    )
    keys = [line.partition(" =")[0] for line in text.splitlines()]
    wanted = ["cpu-manager-policy", "cpu-manager-policy-options", "cpu-manager-reconcile-period"]
    wanted += ["ids-per-pod", "cpu-cfs-quota-enforced", "log-level"]
    assert [key for key in keys if key in wanted] == wanted


def test_a_bootstrap_command_is_written_with_all_that_belongs_to_it() -> None:
    text = made("Bottlerocket", "[settings.bootstrap-commands.010-mine]\nmode = 'once'\nother = 1\n")
    commands = tomllib.loads(text)["settings"]["bootstrap-commands"]
    assert commands == {"010-mine": {"commands": [], "mode": "once", "essential": False}}


def test_kubelet_settings_of_the_node_class_replace_the_users_even_when_they_are_empty() -> None:
    own = "[settings.kubernetes.eviction-hard]\n'memory.available' = '12%'\n"
    assert "eviction-hard" not in kubernetes(own, kubelet={"evictionHard": {}})
    assert kubernetes(own)["eviction-hard"] == {"memory.available": "12%"}


@pytest.mark.parametrize(
    ("terms", "amis", "version"),
    [
        ([{"alias": "bottlerocket@v1.45.0"}], ["bottlerocket-v1.50.0"], "v1.45.0"),
        ([{"name": "bottlerocket-aws-k8s-1.33-x86_64-v1.46.0-431fe75a"}], ["bottlerocket-v1.50.0-a"], "v1.46.0"),
        ([{"id": "ami-1"}], ["bottlerocket-a-v1.44.0-x", "bottlerocket-b-v1.50.0-x"], "v1.50.0"),
        ([{"tags": {"a": "b"}}], ["mine", "bottlerocket-a-v1.44.0-x"], "v1.44.0"),
        ([{"tags": {"a": "b"}}], ["mine-v1.50.0"], ""),
    ],
)
def test_the_version_of_bottlerocket_images_is_told_by_alias_or_names(
    terms: list[dict[str, Any]], amis: list[str], version: str
) -> None:
    status = {"amis": [{"id": f"ami-{number}", "name": name} for number, name in enumerate(amis)]}
    assert image_version({"amiSelectorTerms": terms}, status) == version


def test_a_bottlerocket_image_that_binds_by_itself_is_told_no_directories() -> None:
    for version, listed in (("v1.46.0", False), ("v1.45.9", True), ("latest", False), ("", True), ("v1.46", True)):
        text = made("Bottlerocket", told=NodeTold({}, (), 29, version), instanceStorePolicy="RAID0")
        assert ("--dirs" in text) is listed, version


SHELL, CONFIG = "text/x-shellscript", "application/node.eks.aws"


@pytest.mark.parametrize(
    ("own", "kinds"),
    [
        ("a: 1\n---\nb: 2\n", [CONFIG]),
        ("a: !Custom 1\n", [CONFIG]),
        ("  \n", [CONFIG]),
        ("null\n", [CONFIG]),
        ("- a\n- b\n", [SHELL]),
        ("[]\n", [SHELL]),
        ("false\n", [SHELL]),
        ("echo hello\n", [SHELL]),
        ("a: b: c\n", [SHELL]),
        ("", []),
        ('Content-Type: multipart/mixed; boundary="X"\n\nno part begins\n', []),
    ],
)
def test_al2023_takes_for_a_config_what_begins_with_a_mapping(own: str, kinds: list[str]) -> None:
    lines = made("AL2023", own).splitlines()[2:]
    found = [line.removeprefix("Content-Type: ").partition(";")[0] for line in lines if line.startswith("Content-Type")]
    assert found == [*kinds, CONFIG]


def test_an_archive_that_breaks_off_in_a_part_fails_the_launch() -> None:
    with pytest.raises(CreateError, match="closing line"):
        made("AL2023", 'Content-Type: multipart/mixed; boundary="X"\n\n--X\nContent-Type: text/plain\n\nhello\n')


def test_empty_kubelet_tables_are_left_out_of_the_config() -> None:
    text = made("AL2023", kubelet={"kubeReserved": {}, "evictionHard": {"memory.available": "5%"}, "podsPerCore": 0})
    assert "kubeReserved" not in text and "memory.available: 5%" in text and "podsPerCore: 0" in text


def test_al2_speaks_ipv6_when_the_first_dns_address_is_one() -> None:
    assert "--ip-family ipv6" in made("AL2", kubelet={"clusterDNS": ["fd00::a"]})
    six = ClusterSettings("lab", "https://lab", "Y2E=", "fd00::a")
    assert "--ip-family ipv6" in made("AL2", cluster=six)
    assert "--ip-family" not in made("AL2", cluster=six, kubelet={"clusterDNS": ["10.0.0.53"]})


def test_al2_without_a_known_ca_keeps_the_blank_before_it() -> None:
    text = made("AL2", cluster=ClusterSettings("lab", "https://lab"))
    assert "--apiserver-endpoint 'https://lab'  \\\n--use-max-pods false" in text
