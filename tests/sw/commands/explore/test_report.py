"""The front at the terminal: whole numbers in 80 columns."""

from sw.commands.explore.report import percent, print_front
from sw.explore.space.objectives import objectives_named
from tests.helpers.explorations import AXES, exploration, with_rows

MORE = {"cols": 128, "cols_per_adc": 32, "templates_per_class": 10}
FPGA = {"fpga_luts": 84_000, "fpga_brams": 208, "fpga_cycles": 123_456}
SOUGHT = ("accuracy", "energy", "area", "lut", "bram", "cycles")


def test_a_point_of_six_axes_and_six_objectives_is_one_line(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    plain = exploration(axes=AXES | {axis: [1, value] for axis, value in MORE.items()})
    rows = [{**row, **MORE, **FPGA, "point": 10_000 + row["point"]} for row in plain.rows]
    found = with_rows(plain, rows, *SOUGHT)
    print_front(found, objectives_named(",".join(SOUGHT)))
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if " 128 " in line]
    by_point = {str(row["point"]): row for row in rows}
    assert [line[0] for line in lines] == [str(point) for point in found.front]
    for line in lines:
        row = by_point[line[0]]
        assert len(line) == 1 + 6 + len(SOUGHT) + 1
        assert line[1:3] == [str(row["rows"]), "128"]
        assert line[7] == percent(row["accuracy_mean"])
