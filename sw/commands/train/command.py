"""``engram train`` = ``python -m sw.distil``: from a data set to a bundle."""

from pathlib import Path
from typing import Any

import typer

from sw.commands.options.array import chosen_array
from sw.commands.options.declared import takes_options
from sw.commands.train.facts import tested
from sw.commands.train.plan import Plan, plan_of
from sw.commands.train.report import draw, print_presets, print_table, result_of
from sw.commands.train.request import Request
from sw.console import JsonOption, messages, print_json, reports_errors, terminal
from sw.errors import EngramError
from sw.files import check_target
from sw.system.signals import exit_code

__all__ = ["train"]


GOES_ON = "the same command goes on from the last checkpoint"


@reports_errors
@takes_options
def train(request: Request, json: JsonOption = False) -> None:
    """Train a classifier and write it as a bundle, *.engram.

    A teacher in full precision is trained first (and kept in the cache), then the same layers as the student
    in full precision for comparison, then the student: small integer weights and activations, features of one
    bit each, and binary templates that are compared with them. The bundle holds exact integers, with ideal
    cells; go on with 'engram evaluate', 'engram simulate' or 'engram build'.

    Nothing is chosen on the way: every network is kept as it is at its end, and its accuracy measured on the
    validation and the test part, with the ideal array. The same command and seed give the same file on one
    machine, in one piece or in several: whatever ends a training, the same command goes on from the last
    checkpoint in its run folder. Ctrl-C in the last part of the student's training also writes what its last
    whole epoch left. The folder has a log of each network (teacher.csv, float.csv, student.csv) and their
    picture, curves.png. Where classes differ in size by more than half, or one is never found, the recall of
    each and the balanced accuracy are shown as well, and drawn in confusion.png; --json always has them.
    """
    array = chosen_array(**request.array)
    if request.list_presets:
        print_presets(json)
        return
    if request.output is not None:
        _check_output(request.output)  # ahead of the data, which may have to be fetched
    plan = plan_of(request, array)
    target = request.output or plan.bundle
    _check_output(target)
    _train(plan, target, request.run, request.restart, json)


def _check_output(target: Path) -> None:
    if target.is_dir():
        raise EngramError(f"--output must be a file, got the folder {target}; add a name such as x.engram")
    check_target(target)


def _train(plan: Plan, target: Path, chosen: Path | None, restart: bool, json: bool) -> None:
    messages.print("loading PyTorch", highlight=False)
    from sw.bundle import save
    from sw.training import train as distil
    from sw.training.run.folder import BUNDLE, RunFolder

    folder = chosen or plan.folder
    with RunFolder(folder, plan.identity, restart=restart) as run:
        _say(f"checkpoints and logs in {folder}" + _state(run))
        try:
            trained = distil.train(
                plan.dataset,
                plan.design,
                plan.recipe,
                templates=plan.templates,
                seed=plan.seed,
                step=plan.step,
                noise=plan.noise,
                run=run,
                listener=terminal,
            )
        except KeyboardInterrupt:
            if run.begun:
                _say(GOES_ON)
            raise
        save(trained.bundle, target)
        save(trained.bundle, folder / BUNDLE)
        test = tested(plan, trained.bundle)
        curves = draw(run, plan, test)
        result = result_of(plan, trained, test, target, run, curves)
        if trained.finished:
            run.finish(result)
    if json:
        print_json(result)
    else:
        print_table(trained.bundle, test.classes)
    _say(f"bundle written to {target} after {run.seconds:.0f} s, curves to {curves}")
    if not trained.finished:
        _say(GOES_ON)
        raise typer.Exit(exit_code())


def _state(run: Any) -> str:
    if run.finished:
        return ": trained to the end before, nothing is trained again without --restart"
    return ", goes on from there" if run.begun else ""


def _say(text: str) -> None:
    messages.print(text, soft_wrap=True, highlight=False)
