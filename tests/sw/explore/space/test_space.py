"""Space: values of axes from options and files, and what is refused."""

import pytest

from sw.errors import EngramError
from sw.explore.space.space import Point, Space, read_space, values_of

KINDS = {"rows": int, "adc_bits": int, "device": str, "noise": bool, "p_stuck_hrs": float}


@pytest.mark.parametrize(
    ("text", "kind", "values"),
    [
        ("64", int, (64,)),
        ("64, 32,64", int, (64, 32)),
        ("3..6", int, (3, 4, 5, 6)),
        ("32..300*2", int, (32, 64, 128, 256)),
        ("16..64+24,7", int, (16, 40, 64, 7)),
        ("a,b", str, ("a", "b")),
        ("0,1e-2", float, (0.0, 0.01)),
        ("true,false", bool, (True, False)),
    ],
)
def test_values(text, kind, values):
    assert values_of(text, kind, "axis") == values


@pytest.mark.parametrize(
    ("text", "kind", "axis", "said"),
    [
        ("64,", int, "rows", "rows: values must be whole numbers, separated by commas, got ''"),
        ("x", float, "p", "p: values must be numbers"),
        ("yes", bool, "noise", "noise: values must be true or false, got 'yes'"),
        ("0", int, "rows", "space: rows: Input should be greater than or equal to 1, got 0"),
        ("13", int, "adc_bits", "space: adc_bits: Input should be less than or equal to 12, got 13"),
        ("9..3", int, "rows", "rows: a range must go upwards"),
        ("2..9*1", int, "rows", "rows: a range must go upwards"),
        ("0..9*2", int, "rows", "rows: a range must go upwards"),
        ("2..9+0", int, "rows", "rows: a range must go upwards"),
        ("1..2000", int, "rows", "rows: at most 1,000 values"),
    ],
)
def test_values_that_are_refused(text, kind, axis, said):
    with pytest.raises(EngramError, match=said.replace("(", r"\(")):
        values_of(text, kind, axis)


def test_points_are_all_combinations_in_order():
    space = Space({"rows": (32, 64), "adc_bits": (3, 4, 5)})
    points = list(space.points())
    assert space.size == len(points) == 6
    assert points[1] == Point(("rows", "adc_bits"), (32, 4))
    assert (points[1]["adc_bits"], str(points[1])) == (4, "rows=32,adc_bits=4")
    assert points[-1].as_dict() == {"rows": 64, "adc_bits": 5}


def test_a_file(tmp_path):
    file = tmp_path / "space.toml"
    file.write_text('rows = [32, 64]\nadc_bits = "3..5"\ndevice = "ideal"\np_stuck_hrs = 0\nnoise = [true]\n')
    assert read_space(file, KINDS) == {
        "rows": (32, 64),
        "adc_bits": (3, 4, 5),
        "device": ("ideal",),
        "p_stuck_hrs": (0.0,),
        "noise": (True,),
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("columns = 3", "unknown key 'columns'; known: rows, adc_bits"),
        ("rows = 0", "rows: Input should be greater than or equal to 1"),
        ("rows = 1.5", "rows: values must be of type int, got 1.5"),
        ("rows = true", "rows: values must be of type int, got True"),
        ("rows = []", "rows: at least one value must be given"),
        ("rows = [", "must be a TOML file"),
    ],
)
def test_files_that_are_refused(tmp_path, text, said):
    file = tmp_path / "space.toml"
    file.write_text(text)
    with pytest.raises(EngramError, match=said) as refused:
        read_space(file, KINDS)
    assert str(file) in str(refused.value)
    assert "\n" not in str(refused.value)
