"""Names, units and written values of the columns of an exploration, as people read them."""

from typing import Any, NamedTuple

from sw.energy.picture import part_name
from sw.explore.space.objectives import OBJECTIVES
from sw.explore.space.space import SIZES

__all__ = ["PART", "UNIT_OF_PART", "Quantity", "more_is_better", "quantity", "written", "written_value"]

PART = "energy_"
UNIT_OF_PART = "_nj"
NAMES = {"point", *SIZES}
"""Numbers that are read as names, without commas."""


class Quantity(NamedTuple):
    """Names of a column for people, and its unit.

    Attributes
    ----------
    short, words
        For headings, and for axes of charts.
    unit
        ``%`` for columns that are shares; empty for sizes and counts.
    """

    short: str
    words: str
    unit: str = ""

    @property
    def heading(self) -> str:
        """Short name with unit."""
        return f"{self.short}, {self.unit}" if self.unit else self.short

    @property
    def title(self) -> str:
        """Words with unit."""
        return f"{self.words}, {self.unit}" if self.unit else self.words


QUANTITIES: dict[str, Quantity] = {
    "bundle": Quantity("classifier", "classifier"),
    "device": Quantity("device", "device model"),
    "rows": Quantity("rows", "rows of a tile"),
    "cols": Quantity("columns", "match lines of a tile"),
    "cols_per_adc": Quantity("lines per ADC", "match lines that share an ADC"),
    "adc_bits": Quantity("ADC bits", "ADC bits"),
    "cell_bits": Quantity("cell bits", "bits of a conductance code"),
    "templates_per_class": Quantity("templates", "templates per class"),
    "thresholds": Quantity("thresholds", "thresholds per feature"),
    "accuracy_mean": Quantity("accuracy", "accuracy, mean of the chips", "%"),
    "accuracy_p5": Quantity("accuracy p5", "accuracy, 5th percentile of the chips", "%"),
    "accuracy_min": Quantity("accuracy, worst", "accuracy of the worst chip", "%"),
    "yield": Quantity("yield", "yield: chips that are accurate enough", "%"),
    "energy_full_nj": Quantity("energy", "energy per classification, full accounting", "nJ"),
    "energy_paper_nj": Quantity("energy, paper", "energy per classification, paper's accounting", "nJ"),
    "latency_ns": Quantity("latency", "latency of the array", "ns"),
    "throughput_per_s": Quantity("throughput", "images per second of the array", "/s"),
    "energy_delay_nj_ns": Quantity("energy-delay", "energy times latency of the array", "nJ ns"),
    "area_mm2": Quantity("area", "area of arrays and ADCs", "mm²"),
    "area_drivers_mm2": Quantity("area, drivers", "area of the drivers", "mm²"),
    "area_control_mm2": Quantity("area, control", "area of the array's control", "mm²"),
    "area_cells_mm2": Quantity("area, cells", "area of the cells", "mm²"),
    "area_adcs_mm2": Quantity("area, ADCs", "area of the ADCs", "mm²"),
    "storage_bits": Quantity("storage", "storage of the classifier", "bit"),
    "fpga_front_end": Quantity("front end", "front end on the FPGA"),
    "fpga_luts": Quantity("LUTs", "logic cells of the FPGA, estimated"),
    "fpga_ffs": Quantity("flip-flops", "flip-flops of the FPGA"),
    "fpga_brams": Quantity("BRAMs", "block RAMs of the FPGA, estimated"),
    "fpga_sprams": Quantity("SPRAMs", "single-port RAMs of the FPGA"),
    "fpga_dsps": Quantity("DSPs", "multipliers of the FPGA"),
    "fpga_cycles": Quantity("cycles", "cycles per image on the FPGA, estimated"),
    "fpga_fits": Quantity("fits", "fits the FPGA"),
}

MORE = {objective.column: objective.most for objective in OBJECTIVES.values()}


def quantity(column: str) -> Quantity:
    """Names and unit of a column; one that is not listed goes by its own name."""
    if column in QUANTITIES:
        return QUANTITIES[column]
    if column.startswith(PART) and column.endswith(UNIT_OF_PART):
        part = part_name(column.removeprefix(PART).removesuffix(UNIT_OF_PART))
        return Quantity(part, f"energy, {part}", "nJ")
    words = column.replace("_", " ")
    return Quantity(words, words)


def more_is_better(column: str) -> bool | None:
    """Whether more of a column is better; None for those that nobody seeks."""
    return MORE.get(column)


def written(column: str, value: Any) -> str:
    """A value with its unit; a dash where there is none."""
    unit = quantity(column).unit
    text = written_value(column, value)
    return f"{text} {unit}" if unit and text != "-" else text


def written_value(column: str, value: Any) -> str:
    """A value without its unit; a dash where there is none."""
    if value is None:
        return "-"
    if column == "adc_bits" and value == 0:
        return "ideal"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str) or column in NAMES:
        return str(value)
    if quantity(column).unit == "%":
        return f"{100 * value:.2f}"
    if isinstance(value, int) or abs(value) >= 1_000:
        return f"{value:,.0f}"
    return f"{value:.4g}"
