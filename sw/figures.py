"""Empty figures, and figures as PNG files."""

import io
from pathlib import Path
from typing import TYPE_CHECKING

from sw.files import write_atomically

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["new_figure", "write_figure"]


DOTS_PER_INCH = 130


def new_figure(width_inches: float, height_inches: float) -> "Figure":
    """An empty figure of this size."""
    from matplotlib.figure import Figure  # without pyplot: no screen, no global state

    return Figure(figsize=(width_inches, height_inches), layout="constrained")


def write_figure(figure: "Figure", path: Path) -> None:
    """Write a figure as PNG file; raises EngramError if it cannot be written."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DOTS_PER_INCH)
    write_atomically(path, buffer.getvalue())
