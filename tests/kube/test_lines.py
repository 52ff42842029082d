"""Lines of any length out of chunks of any size."""

from hypothesis import given
from hypothesis import strategies as st

from karptui.kube.lines import LineSplitter, Oversized


@given(st.lists(st.binary(max_size=40).filter(lambda line: b"\n" not in line and line.strip()), max_size=8), st.data())
def test_lines_come_out_as_they_went_in_however_they_are_cut(lines: list[bytes], data: st.DataObject) -> None:
    text = b"".join(line + b"\n" for line in lines)
    splitter, found, start = LineSplitter(), [], 0
    while start < len(text):
        size = data.draw(st.integers(1, 16))
        found += splitter.feed(text[start : start + size])
        start += size
    assert found == lines
    assert splitter.rest == b""


def test_a_line_that_is_too_long_is_told_and_the_next_one_read() -> None:
    splitter = LineSplitter(longest=100)
    found = []
    for _ in range(50):
        found += splitter.feed(b"x" * 10)
    found += splitter.feed(b"end\nnext\n")
    (oversized, following) = found
    assert isinstance(oversized, Oversized)
    assert oversized.size == 503
    assert oversized.start.startswith(b"xxx")
    assert following == b"next"


def test_half_a_line_stays_in_rest() -> None:
    splitter = LineSplitter()
    assert splitter.feed(b"a\n{half") == [b"a"]
    assert splitter.rest == b"{half"
