"""``engram data audio``: recordings to a data set of log-mel maps."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sw.console import JsonOption, answer, print_json, reports_errors, terminal
from sw.errors import EngramError

if TYPE_CHECKING:
    from sw.data.audio.recordings import Recordings

__all__ = ["audio"]


class Level(StrEnum):
    """What the brightest value of a map stands for."""

    recording = "recording"
    absolute = "absolute"


@reports_errors
def audio(
    source: Annotated[
        str,
        typer.Argument(
            metavar="FOLDER|FILE.npz|NAME",
            help="A folder of WAV files with a subfolder for each class, or with folders train and test of "
            "such; an .npz with x_train, y_train, x_test, y_test, where x are waveforms (N, samples), int16 "
            "or floats from -1 to 1; or spoken-digits.",
        ),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE.npz", help="Data set to write.")],
    rate: Annotated[
        int | None,
        typer.Option("--rate", min=100, help="Samples per second of an .npz that does not say so."),
    ] = None,
    seconds: Annotated[
        float,
        typer.Option("--seconds", min=0.01, help="Longer recordings are cut, shorter ones end in silence."),
    ] = 1.0,
    window: Annotated[float, typer.Option("--window", min=0.1, help="Of a frame, in milliseconds.")] = 50.0,
    hop: Annotated[
        float, typer.Option("--hop", min=0.1, help="From one frame to the next, in milliseconds.")
    ] = 31.25,
    bands: Annotated[int, typer.Option("--bands", min=1, max=256, help="Bands on the mel scale.")] = 32,
    lowest: Annotated[int, typer.Option("--lowest", min=0, help="End of the lowest band in Hz.")] = 60,
    highest: Annotated[
        int | None,
        typer.Option("--highest", min=1, help="End of the highest band in Hz.", show_default="half the rate"),
    ] = None,
    loudness_range: Annotated[
        int, typer.Option("--range", min=10, max=160, help="Of loudness from 0 to 255, in dB.")
    ] = 60,
    level: Annotated[
        Level,
        typer.Option(
            "--level",
            help="What is 255: the loudest place of each recording, so that no volume counts, or a tone of "
            "full scale.",
        ),
    ] = Level.recording,
    leave_out: Annotated[
        str | None,
        typer.Option(
            "--leave-out",
            metavar="SPEAKER",
            help="Test with all recordings of a speaker, and train with those of all others, whatever the "
            "source's own parts are: a number or a name in speaker_train and speaker_test of the .npz.",
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Turn recordings into a data set of log-mel maps, for 'engram train --data FILE.npz'.

    A map has a row for each band, from low to high, and a column for each frame, in uint8. It is computed in
    whole numbers, so that the same recordings give the same maps on every machine. The rule is kept in the
    file, and in every bundle that is trained on it.

    Of a folder without train and test, each fifth file of a class, in the order of names, is for the test.
    """
    from sw.data.audio.maps import rule_of_times, write_maps
    from sw.data.audio.recordings import leaving_out
    from sw.files import check_target

    if output.suffix != ".npz":
        raise EngramError(f"--output must end in .npz, got {str(output)!r}; name the data set so")
    check_target(output)
    recordings, name = _recordings(source)
    if leave_out is not None:  # such parts have no name by which a bundle could find them again
        recordings, name = leaving_out(recordings, leave_out, source), None
    known = recordings.rate or rate
    if known is None:
        raise EngramError(f"{source} does not say its rate; give --rate, in samples per second")
    if rate not in (None, known):
        raise EngramError(f"{source} says a rate of {known} Hz, --rate {rate}; leave --rate out")
    rule = rule_of_times(
        known,
        seconds=seconds,
        window_ms=window,
        hop_ms=hop,
        bands=bands,
        lowest_hz=lowest,
        highest_hz=highest,
        range_db=loudness_range,
        level=level.value,
    )
    with terminal.waiting("log-mel maps"):
        arrays = write_maps(output, recordings, rule, name)
    cut = sum(
        int((recordings.arrays[f"x_{part}"][:, rule.samples :] != 0).any(axis=1).sum())
        for part in ("train", "test")
    )
    counts = {part: len(arrays[f"y_{part}"]) for part in ("train", "test")}
    classes = int(arrays["y_train"].max()) + 1
    if json:
        values = {"data": str(output), **counts, "classes": classes, "cut": cut, "rule": rule.model_dump()}
        print_json(
            {**values, "class_names": list(recordings.class_names), "shape": [rule.bands, rule.frames]}
        )
        return
    answer.print(
        f"{counts['train']:,} training and {counts['test']:,} test recordings of {classes} classes, "
        f"{rule.rate} Hz; {cut:,} are longer than {rule.samples / rule.rate:g} s and cut\n"
        f"maps of {rule.bands} bands x {rule.frames} frames, {rule.lowest_hz} to {rule.highest_hz} Hz, a "
        "frame of "
        f"{rule.window} samples every {rule.hop}, {rule.range_db} dB",
        soft_wrap=True,
        highlight=False,
        markup=False,
    )
    terminal.say(f"written to {output}")


def _recordings(source: str) -> "tuple[Recordings, str | None]":
    """Recordings, and the name of their data set if they have one."""
    from sw.data.audio.recordings import read_arrays, read_folder
    from sw.data.dataset import recordings_named
    from sw.data.known import KNOWN

    if source in KNOWN:
        return recordings_named(source, terminal), source
    path = Path(source)
    if path.suffix == ".npz":
        return read_arrays(path), None
    return read_folder(path, terminal), None
