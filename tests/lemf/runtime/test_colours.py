import re
from pathlib import Path

from lemf.runtime import colours

ROOT = Path(__file__).parents[3]


def test_no_other_module_names_a_colour_by_its_numbers():
    places = [path for name in ("lemf", "msfser") for path in (ROOT / name).rglob("*.py")]
    found = {
        path.name
        for path in places
        if re.search(r"#[0-9A-Fa-f]{6}\b|rgba\(\d", path.read_text(encoding="utf-8"))
    }
    assert found == {"colours.py"}


def test_colours_differ_and_greys_are_as_light_as_their_names_say():
    values = {name: value for name, value in vars(colours).items() if name.isupper()}
    assert len(set(values.values())) == len(values)
    for name, value in values.items():
        red, green, blue = bytes.fromhex(value.removeprefix("#"))
        if name.startswith("GREY_"):
            assert red == green == blue
            assert round(100 * red / 255) == int(name.removeprefix("GREY_"))
