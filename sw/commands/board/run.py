"""``engram run``: images to a chip on a board, every answer held to the integer reference."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from sw.commands.board.ports import built_baud, plugged_in
from sw.console import BundleArgument, JsonOption, answer, messages, print_json, reports_errors, terminal
from sw.errors import EngramError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from hw.host.conversation import Conversation
    from sw.bundle import Bundle
    from sw.bundle.inputs import Inputs
    from sw.reference.trace import Mismatch

__all__ = ["run"]

DEFAULT_IMAGES = 100
MOST_SHOWN = 10
"""Disagreements that a person gets to see; the JSON has all."""


class _Pictures(NamedTuple):
    """What is sent: `names` are those of the user's own files, else None; `inputs` names the classes."""

    images: "NDArray[np.uint8]"
    labels: "NDArray | None"
    title: str
    names: list[str] | None
    inputs: "Inputs"


@reports_errors
def run(
    bundle: BundleArgument,
    port: Annotated[
        str,
        typer.Option(
            "--port",
            "-p",
            metavar="PORT",
            help="Serial port of the board, such as /dev/ttyUSB1 or COM3; socket://HOST:PORT or another URL "
            "of pyserial; or virtual:BOARD for a board under Verilator, such as virtual:icebreaker.",
        ),
    ],
    images: Annotated[
        str | None,
        typer.Option(
            "--images", metavar="N|all", help="Test images, in order from the first; 100 of them if left out."
        ),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            "--data",
            metavar="NAME|FILE",
            help="Another data set than the bundle's; only the image size must fit.",
        ),
    ] = None,
    image: Annotated[
        Path | None,
        typer.Option(
            "--image",
            metavar="FILE|FOLDER",
            help="Your own images in place of test images: a PNG, a folder of them, or a .npz with an array "
            "'images'. Their size must be the bundle's, with values as in its training: MNIST has white "
            "digits "
            "on black.",
        ),
    ] = None,
    scores: Annotated[
        bool, typer.Option("--scores", help="Also read all scores back after each image and compare them.")
    ] = False,
    baud: Annotated[
        int | None,
        typer.Option(
            "--baud",
            min=300,
            help="Speed of the link in bit/s.",
            show_default="as in the report beside the bundle, else 1000000",
        ),
    ] = None,
    timeout: Annotated[
        float | None,
        typer.Option(
            "--timeout",
            min=0.05,
            max=3600,
            help="Seconds to wait for an answer.",
            show_default="2 or more, by the speed",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Send images to a chip on a board and compare every answer with the integer reference.

    BUNDLE is the *.engram file that 'engram build' put beside the bitstream: the chip is asked first what it
    was built from, and one of another bundle is refused. An image whose answer is lost on the way is sent
    again. Exits with 1 if any value is not the reference's, with 2 if there is no such chip.
    """
    from hw.host.client import HostClient
    from hw.host.conversation import disagreements, link_seconds, send_images
    from hw.host.serial_port import serial_port, shortest_limit
    from sw.bundle import open_bundle
    from sw.reference.pipeline import levels_of, run_levels

    opened = open_bundle(bundle)
    speed = baud or built_baud(bundle, opened.digest)
    pictures = _pictures(opened, images, data, image)
    with plugged_in(port, opened, speed, terminal) as place:
        chip, slowdown = place.bundle, place.slowdown or 1.0
        with terminal.waiting("answers of the reference"):
            levels = levels_of(chip, pictures.images)
            expected = run_levels(chip, levels)
        limit = timeout or shortest_limit(speed, opened.design.image_size.values, slowdown)
        with serial_port(place.device, speed, limit) as transport:
            client = HostClient(transport, chip)
            link = link_seconds(client)
            with terminal.stage("images", len(pictures.images)) as stage:
                came = send_images(
                    *(client, chip, pictures.images, levels),
                    with_scores=scores,
                    limit=limit,
                    done=stage.done,
                    listener=terminal,
                )
    found = disagreements(expected, came)
    values = _values(came, found, pictures, link) | {
        "port": port,
        "baud": speed,
        "bundle": chip.digest,
        "slowdown": None if place.slowdown is None else round(place.slowdown, 1),
    }
    if as_json:
        print_json(values)
    else:
        _tell(values, came, pictures)
    for mismatch in found[:MOST_SHOWN]:
        said = mismatch.words(pictures.inputs.name_of)
        messages.print(f"[bold red]disagreement:[/] {said}", soft_wrap=True, highlight=False)
    if len(found) > MOST_SHOWN:
        messages.print(f"and {len(found) - MOST_SHOWN:,} more", highlight=False)
    if found:
        raise typer.Exit(1)


def _pictures(bundle: "Bundle", images: str | None, data: str | None, image: Path | None) -> _Pictures:
    from sw.data.of_bundle import inputs_known, selection_of
    from sw.data.pictures import read_pictures

    if image is not None:
        if images is not None or data is not None:
            raise EngramError("--image stands in place of test images; leave --images and --data out")
        own = read_pictures(image, bundle.design, bundle.inputs)
        return _Pictures(own.images, own.labels, str(image), own.names, bundle.inputs)
    chosen = selection_of(bundle, data, DEFAULT_IMAGES if images is None else images, terminal)
    names = inputs_known(bundle, chosen.dataset)
    return _Pictures(chosen.part.images, chosen.part.labels, chosen.dataset.name, None, names)


def _values(
    came: "Conversation", found: "list[Mismatch]", pictures: _Pictures, link: float
) -> dict[str, Any]:
    import numpy as np

    labels = came.answers[:, 1]
    values = {
        "images": len(came.answers),
        "data": pictures.title,
        "accuracy": None if pictures.labels is None else float((labels == pictures.labels).mean()),
        "disagreements": len({mismatch.image for mismatch in found}),
        "disagreeing": [
            {
                "image": mismatch.image,
                "value": mismatch.stage,
                "index": list(mismatch.index),
                "expected": mismatch.expected,
                "got": mismatch.got,
            }
            for mismatch in found
        ],
        "scores": came.scores is not None,
        "repeated": came.repeated,
        "images_per_second": round(len(came.seconds) / float(came.seconds.sum()), 2),
        "latency_ms": round(float(np.median(came.seconds)) * 1e3, 3),
        "link_ms": round(link * 1e3, 3),
    }
    if pictures.names is not None:
        values["answers"] = [
            {"name": name, **dict(zip(("accepted", "label", "template", "margin"), row, strict=True))}
            for name, row in zip(pictures.names, came.answers.tolist(), strict=True)
        ]
    return values


def _tell(values: dict[str, Any], came: "Conversation", pictures: _Pictures) -> None:
    if pictures.names is not None:
        from rich.table import Table

        table = Table()
        for heading in ("image", "class", "margin", "accepted"):
            table.add_column(heading, justify="left" if heading == "image" else "right")
        for name, (accepted, label, _, margin) in zip(pictures.names, came.answers.tolist(), strict=True):
            table.add_row(name, pictures.inputs.name_of(label), f"{margin:,}", "yes" if accepted else "no")
        answer.print(table)
    compared = "class, template, margin and all scores" if values["scores"] else "class, template and margin"
    share = values["accuracy"]
    accuracy = "no labels" if share is None else f"{100 * share:.2f} % (chip against labels)"
    slower = values["slowdown"]
    lines = [
        f"port               {values['port']}, {values['baud']:,} bit/s"
        + ("" if slower is None else f", simulated {slower:,.0f} times slower than the board"),
        f"images             {values['images']:,} of {values['data']}"
        + (f", {values['repeated']} sent again" if values["repeated"] else ""),
        f"accuracy           {accuracy}",
        f"disagreements      {values['disagreements']} with the reference, in {compared}",
        f"images per second  {values['images_per_second']:,.1f}, {values['latency_ms']:.1f} ms from image to "
        f"answer, {values['link_ms']:.1f} ms for one byte there and back",
    ]
    answer.print("\n".join(lines), soft_wrap=True, highlight=False, markup=False)
