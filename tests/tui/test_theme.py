"""Shipped themes can be read by everybody; a user's broken theme is skipped and named."""

from pathlib import Path

import pytest

from karptui.tui.appearance.contrast import contrast
from karptui.tui.appearance.look import Look
from karptui.tui.appearance.roles import GROUNDS, ROLES, TEXT_ROLES
from karptui.tui.appearance.theme import Theme, load_themes, shipped_folder
from karptui.tui.live import Live
from karptui.world.world import World
from tests.tui.moment import Moment, until, until_shown

SHIPPED = load_themes([shipped_folder()])


def test_all_shipped_themes_load() -> None:
    assert SHIPPED.faults == ()
    assert set(SHIPPED.by_name) == {
        "dark",
        "light",
        "high-contrast",
        "colour-blind",
        "ember",
        "fjord",
        "moss",
        "paper",
    }


@pytest.mark.parametrize("theme", SHIPPED.by_name.values(), ids=lambda theme: theme.name)
def test_every_word_of_a_shipped_theme_has_enough_contrast_on_every_ground(theme: Theme) -> None:
    least = 7.0 if theme.name == "high-contrast" else 4.5
    low = [
        (role, ground, round(contrast(style.color, style.on or theme.grounds[ground]), 2))
        for role in TEXT_ROLES
        for ground in GROUNDS
        if (style := theme.roles[role]).color and contrast(style.color, style.on or theme.grounds[ground]) < least
    ]
    assert low == []


@pytest.mark.parametrize("theme", SHIPPED.by_name.values(), ids=lambda theme: theme.name)
def test_shapes_that_carry_meaning_have_enough_contrast(theme: Theme) -> None:
    for role in ("bar", "border_focus", "axis"):
        assert contrast(theme.roles[role].color or "", theme.grounds["background"]) >= 3


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


def test_good_and_bad_differ_without_red_and_green_in_the_colour_blind_theme() -> None:
    theme = SHIPPED.by_name["colour-blind"]
    for good, bad in (("ok", "bad"), ("chosen", "refused"), ("ready", "pending")):
        one, other = theme.roles[good].color or "", theme.roles[bad].color or ""
        blue_difference = abs(int(one[5:], 16) - int(other[5:], 16))
        assert blue_difference > 60 or contrast(one, other) > 1.3


def test_a_user_theme_changes_a_few_roles_of_a_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('base = "dark"\n[colors]\nhot = "#ff00aa"\n[roles]\nok = "bold hot"\n')
    themes = load_themes([shipped_folder(), tmp_path])
    assert themes.faults == ()
    mine = themes.by_name["mine"]
    assert mine.roles["ok"].color == "#ff00aa"
    assert mine.roles["bad"] == themes.by_name["dark"].roles["bad"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("base = ", "not TOML"),
        ('base = "drak"', "'drak' is not a theme"),
        ('title = "x"', "it lacks text, strong, dim and"),
        ('base = "dark"\n[roles]\naccnt = "#ffffff"', "did you mean accent?"),
        ('base = "dark"\n[roles]\nbad = "red"', "the role bad has the colour 'red'"),
        ('base = "dark"\n[roles]\nbad = "bold"', "the role bad has no colour"),
        ('base = "dark"\n[roles]\nbad = "#ffffff #000000"', "two colours"),
        ('base = "dark"\n[roles]\nbad = "#ffffff on"', "a colour must follow"),
        ('base = "dark"\n[roles]\nbad = 3', "must be text"),
        ('base = "dark"\nroles = 3', "roles must be a table"),
        ('base = "dark"\ndark = "yes"', "dark must be true or false"),
        ('base = "dark"\ncolours = "x"', "did you mean colors?"),
    ],
)
def test_a_broken_theme_is_skipped_and_named_in_one_sentence(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "mine.toml").write_text(text)
    themes = load_themes([shipped_folder(), tmp_path])
    assert "mine" not in themes.by_name
    assert set(themes.by_name) == set(SHIPPED.by_name)
    (fault,) = themes.faults
    assert fault.startswith("Theme mine.toml in ")
    assert says in fault
    assert "\n" not in fault


def test_a_theme_that_is_no_text_is_skipped(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_bytes(b"\xff\xfe\x00")
    assert "cannot be read" in load_themes([tmp_path]).faults[0]


def test_a_folder_that_does_not_exist_holds_no_themes(tmp_path: Path) -> None:
    assert load_themes([tmp_path / "nothing"]).by_name == {}


@pytest.mark.parametrize("role", ROLES)
def test_without_colour_every_role_is_drawn_without_colour(role: str) -> None:
    look = Look(SHIPPED.by_name["dark"], no_color=True)
    for ground in (*GROUNDS, "stale"):
        style = look.style(role, ground)
        assert style.color is None
        assert style.bgcolor is None


async def test_a_user_theme_is_read_again_when_its_file_changes(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('base = "dark"\n[grounds]\nbackground = "#101010"\n')
    app = Live(Moment(World(), 1_000_000.0), theme="mine", own_themes=tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        await until_shown(pilot, "Nothing yet: karptui is still listing")
        assert app.look.theme.grounds["background"] == "#101010"
        path.write_text('base = "dark"\n[grounds]\nbackground = "#202020"\ncursor = "#303030"\n')
        await until(pilot, lambda: app.look.theme.grounds["background"] == "#202020")
        await until(pilot, lambda: app.screen.styles.background.hex == "#202020")
        path.write_text("base = ")
        await until_shown(pilot, "Theme mine.toml in")
        assert app.look.theme.grounds["background"] == "#202020"
