"""Amounts keep the form in which they were written first, as Kubernetes' own sums do."""

import pytest

from karptui.model.containers import Container
from karptui.model.pod_requests import pod_requests
from karptui.model.resources import Resources, format_resources, parse_resources
from karptui.model.written import formats, with_formats


def asked(**quantities: str) -> Resources:
    return with_formats(quantities, parse_resources(quantities))


def printed(*containers: Container, init: tuple[Container, ...] = ()) -> str:
    total = pod_requests(containers, init)
    return format_resources(total, formats(total))["memory"]


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        (("1Gi", "1Gi"), "2Gi"),
        (("1073741824", "1Gi"), "2147483648"),
        (("1Gi", "1073741824"), "2Gi"),
        (("0", "1G", "1Gi"), "2073741824"),
        (("0", "1Gi", "1G"), "2073741824"),
        (("500M", "500M"), "1G"),
        (("1e9", "1G"), "2e9"),
    ],
)
def test_a_sum_is_written_like_its_first_part_that_is_not_zero(parts: tuple[str, ...], text: str) -> None:
    assert printed(*(Container(requests=asked(memory=part)) for part in parts)) == text


def test_the_larger_of_two_keeps_its_own_form() -> None:
    small, large = Container(requests=asked(memory="1Gi")), Container(requests=asked(memory="2000000k"))
    assert printed(small, init=(large,)) == "2G"
    assert printed(large, init=(small,)) == "2G"


def test_amounts_in_their_usual_form_are_plain_numbers() -> None:
    assert formats(asked(cpu="1500m", memory="1Gi")) == {}
    assert formats(asked(cpu="2Ki", memory="1G")) == {"cpu": "BinarySI", "memory": "DecimalSI"}
