"""Pictures of results as PNG files: confusion matrix, templates, accuracy by chip.

Matplotlib is imported inside the functions, so that commands start fast. It draws without a screen.
"""

from math import ceil, sqrt
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sw.bundle import Bundle
from sw.bundle.inputs import NOTHING_TOLD, Inputs
from sw.evaluation.classes import balanced_accuracy, recalls
from sw.figures import new_figure, write_figure

__all__ = ["draw_chips", "draw_confusion", "draw_templates", "template_maps"]
MAX_PANELS = 64
"""Template pictures beyond this many panels cannot be read; fewer templates per class are shown then."""
MAX_NUMBERED_CLASSES = 20
MIN_SPAN_PERCENT = 2.0
"""Smallest range of the accuracy axis, so that chips that differ by one image do not look far apart."""


def draw_confusion(
    matrix: NDArray[np.int64],
    title: str,
    path: Path,
    *,
    by_class: bool = False,
    inputs: Inputs = NOTHING_TOLD,
) -> None:
    """Draw a confusion matrix: true class by row, answered class by column.

    Colour is the share of the row; up to 20 classes the cells also show the number of images, and the rows
    have the names that `inputs` knows. With `by_class` the title has the balanced accuracy, and up to 20
    classes the rows have the recall.

    Raises
    ------
    EngramError
        If the file cannot be written.
    """
    classes = len(matrix)
    share = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    numbered = classes <= MAX_NUMBERED_CLASSES
    side = max(4.0, 0.45 * classes + 1.5) if numbered else 9.0
    figure = new_figure(side + (0.8 if numbered else 2), side)
    axes = figure.add_subplot()
    image = axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    if by_class:
        title += f"\nbalanced accuracy {balanced_accuracy(matrix):.2%}"
    axes.set(title=title, xlabel="answered class", ylabel="true class")
    if numbered:
        axes.set(xticks=range(classes), yticks=range(classes))
        axes.set_yticklabels([inputs.name_of(label) for label in range(classes)])
        if by_class:
            shares = ("-" if np.isnan(recall) else f"{recall:.0%}" for recall in recalls(matrix))
            names = (inputs.name_of(label) for label in range(classes))
            axes.set_yticklabels([f"{name}: {recall}" for name, recall in zip(names, shares, strict=True)])
            axes.set_ylabel("true class: recall")
        for row, column in np.argwhere(matrix):
            colour = "white" if share[row, column] > 0.5 else "black"
            axes.text(
                column, row, matrix[row, column], ha="center", va="center", color=colour, fontsize="small"
            )
    figure.colorbar(image, ax=axes, label="share of the true class", fraction=0.046)
    write_figure(figure, path)


def template_maps(bundle: Bundle) -> NDArray[np.float64]:
    """Templates as mosaics of their feature maps.

    The C channels of a template lie in a grid that is about square, each an h x w map with a border of one
    pixel around it; a pixel is the number of its thermometer bits that are stored as 1, or the middle of its
    window of levels.

    Returns
    -------
    ndarray
        float64, (T, mosaic height, mosaic width), values 0 .. L, and -1 where there is no feature or one that
        any level matches.
    """
    design = bundle.design
    channels, height, width = design.feature_map_shape
    if design.cell == "window":
        lowest, highest = bundle.templates.astype(np.float64)
        any_level = (lowest == 0) & (highest == design.thresholds_per_feature)
        values = np.where(any_level, -1, (lowest + highest) / 2)
    else:
        stored = bundle.templates.reshape(design.templates, -1, design.thresholds_per_feature)
        values = stored.sum(axis=-1, dtype=np.float64)
    maps = values.reshape(-1, height, width, channels).transpose(0, 3, 1, 2)  # (T, C, h, w)
    side = ceil(sqrt(channels))
    columns = next((number for number in range(side, 2 * side) if channels % number == 0), side)
    rows = ceil(channels / columns)
    mosaic = np.full((design.templates, rows * (height + 1) + 1, columns * (width + 1) + 1), -1.0)
    for channel in range(channels):
        row, column = divmod(channel, columns)
        top, left = row * (height + 1) + 1, column * (width + 1) + 1
        mosaic[:, top : top + height, left : left + width] = maps[:, channel]
    return mosaic


def draw_templates(bundle: Bundle, path: Path) -> None:
    """Draw the stored templates, one panel each, titled by class; see :func:`template_maps`.

    Raises
    ------
    EngramError
        If the file cannot be written.
    """
    design = bundle.design
    per_class = design.templates_per_class
    shown = max(1, min(per_class, MAX_PANELS // design.classes))
    classes = min(design.classes, MAX_PANELS)
    panels = [(label, index) for label in range(classes) for index in range(shown)]
    columns = shown * max(1, round(sqrt(len(panels)) / shown)) if shown > 1 else ceil(sqrt(len(panels) * 2))
    columns = min(columns, len(panels))
    rows = ceil(len(panels) / columns)
    mosaics = np.ma.masked_less(template_maps(bundle), 0)
    tall = mosaics.shape[1] / mosaics.shape[2]
    figure = new_figure(max(5.0, 1.5 * columns), (1.5 * tall + 0.35) * rows + 0.9)
    colours = _gaps_in("viridis", "white")
    for place, (label, index) in enumerate(panels):
        axes = figure.add_subplot(rows, columns, place + 1)
        template = label * per_class + index
        axes.imshow(
            mosaics[template],
            cmap=colours,
            vmin=0,
            vmax=design.thresholds_per_feature,
            interpolation="nearest",
        )
        axes.set_title(
            f"class {bundle.inputs.name_of(label)}" + (f", {index}" if per_class > 1 else ""),
            fontsize="small",
        )
        axes.set_axis_off()
    channels, height, width = design.feature_map_shape
    meaning = "bright = stored 1" if design.thresholds_per_feature == 1 else "bright = more bits stored as 1"
    if design.cell == "window":
        meaning = "bright = window of high levels, white = any level"
    count = f"{len(panels)} of {design.templates}" if len(panels) < design.templates else f"{len(panels)}"
    figure.suptitle(
        f"{design.name}: {count} templates\n"
        f"{channels} channel{'s' * (channels > 1)} of {height} x {width}, {meaning}",
        fontsize="medium",
    )
    write_figure(figure, path)


def draw_chips(accuracies: NDArray[np.float64], ideal: float, title: str, path: Path) -> None:
    """Draw the accuracy of every chip beside the ideal array's.

    Raises
    ------
    EngramError
        If the file cannot be written.
    """
    from matplotlib.ticker import MaxNLocator

    figure = new_figure(6.5, 3.5)
    axes = figure.add_subplot()
    axes.axhline(100 * ideal, color="black", linestyle="--", label=f"ideal array {100 * ideal:.2f} %")
    mean = 100 * float(accuracies.mean())
    axes.axhline(mean, color="tab:blue", label=f"mean of chips {mean:.2f} %")
    axes.plot(range(len(accuracies)), 100 * accuracies, "o", color="tab:blue")
    low, high = 100 * min(ideal, accuracies.min()), 100 * max(ideal, accuracies.max())
    spare = max(0.1 * (high - low), (MIN_SPAN_PERCENT - high + low) / 2)
    axes.set(title=title, xlabel="chip", ylabel="test accuracy, %")
    axes.set(xlim=(-0.5, len(accuracies) - 0.5), ylim=(low - spare, high + spare))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(axis="y", alpha=0.4)
    figure.legend(fontsize="small", loc="outside lower center", ncols=2)
    write_figure(figure, path)


def _gaps_in(colours: str, colour: str):
    import matplotlib

    return matplotlib.colormaps[colours].with_extremes(bad=colour)
