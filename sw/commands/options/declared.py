"""Options that are declared once: signature, help, request and recorded step follow from it.

A command takes parameters as Typer wants them, or whole requests: dataclasses whose fields are options,
``name: Annotated[type, typer.Option("--name", ...)] = default``, where both names agree because a recorded
step is written from the field's. A field or parameter may also stand for the options of somebody else, see
:class:`OptionsOf`. :func:`takes_options` puts all of these into the command's signature one by one, because
Typer knows single options only.
"""

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any, get_type_hints

import typer

from sw.bundle.provenance import Step

__all__ = ["OptionsOf", "Recorded", "step_of", "takes_options"]

EMPTY = inspect.Parameter.empty
CONTEXT = "typer_context"
"""Parameter by which Typer says which options a person wrote."""
SEED = "seed"


class Recorded(Enum):
    """How an option is recorded unless it is by value, where that is not the default; part of its annotation.

    Attributes
    ----------
    always
        Also where it is the default, which may be another one some day.
    by_name
        A file by its name, because its place says nothing to others.
    never
        The result does not depend on it.
    """

    always = "always"
    by_name = "by name"
    never = "never"


class OptionsOf:
    """Part of the annotation of a field that stands for several options, and holds those that were given.

    The field is a dict by name of the values that are not their option's default.

    Parameters
    ----------
    parameters
        The options: those of a function's signature, or made one by one.
    by_hand
        Whether values that a person wrote count as given where they are the option's default too: for
        commands to which something else may be the default.
    """

    def __init__(self, parameters: Iterable[inspect.Parameter], *, by_hand: bool = False) -> None:
        self.parameters = tuple(parameters)
        self.by_hand = by_hand


def takes_options(command: Callable[..., None]) -> Callable[..., None]:
    """Decorate a command: its requests, and what stands for several options, become single options.

    Parameters
    ----------
    command
        Every parameter is an argument or option for Typer, or annotated with a dataclass of such, or with
        :class:`OptionsOf`.
    """
    declared = inspect.signature(command).parameters.values()
    parameters = [option for parameter in declared for option in _options_in(parameter)]

    @functools.wraps(command)
    def expanded(**values: Any) -> None:
        context: typer.Context = values.pop(CONTEXT)
        sources = {name: context.get_parameter_source(name) for name in values}
        written = {name for name, source in sources.items() if source and source.name == "COMMANDLINE"}
        command(**{parameter.name: _gathered(parameter, values, written) for parameter in declared})

    shown = inspect.Parameter(CONTEXT, inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    parameters.append(shown)
    # Typer asks for both, inspect.signature() and typing.get_type_hints().
    expanded.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    expanded.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    del expanded.__wrapped__
    return expanded


def step_of(command: str, request: Any, versions: dict[str, str], arguments: Iterable[str] = ()) -> Step:
    """The step that a request is recorded as, with the options that its result may depend on.

    Parameters
    ----------
    command, versions, arguments
        As :meth:`sw.bundle.provenance.Step.of` takes them.
    request
        A dataclass of options with a seed. :class:`Recorded` says which of them count; positional arguments,
        those without a default, are none.
    """
    return Step.of(command, dict(_recorded(request)), request.seed, versions, arguments)


def _recorded(request: Any) -> Iterator[tuple[str, Any]]:
    """Options by name, in the order of the declaration; not the seed, for which a step has its own field."""
    for field in _fields_of(type(request)):
        value = getattr(request, field.name)
        group = _group(field)
        for option in [field] if group is None else group.parameters:
            chosen = value if group is None else value.get(option.name, option.default)
            if option.name != SEED and option.default is not EMPTY and _counts(option, chosen):
                yield option.name, _plain(chosen, by_name=Recorded.by_name in _metadata(option))


def _plain(value: Any, *, by_name: bool) -> Any:
    """A value as a step holds it: text for a file or a choice."""
    if by_name and value is not None:
        return Path(value).name
    if isinstance(value, Enum):
        return value.value
    return str(value) if isinstance(value, Path) else value


def _counts(option: inspect.Parameter, value: Any) -> bool:
    marks = _metadata(option)
    return Recorded.never not in marks and (Recorded.always in marks or value != option.default)


def _fields_of(request: type) -> list[inspect.Parameter]:
    """Fields of a dataclass as parameters, with their whole annotations."""
    hints = get_type_hints(request, include_extras=True)
    given = inspect.signature(request).parameters
    return [given[field.name].replace(annotation=hints[field.name]) for field in fields(request)]


def _metadata(parameter: inspect.Parameter) -> tuple[Any, ...]:
    return getattr(parameter.annotation, "__metadata__", ())


def _request(parameter: inspect.Parameter) -> type | None:
    annotation = parameter.annotation
    return annotation if isinstance(annotation, type) and is_dataclass(annotation) else None


def _group(parameter: inspect.Parameter) -> OptionsOf | None:
    return next((mark for mark in _metadata(parameter) if isinstance(mark, OptionsOf)), None)


def _options_in(parameter: inspect.Parameter) -> Iterator[inspect.Parameter]:
    """The single options that a parameter stands for."""
    if request := _request(parameter):
        for field in _fields_of(request):
            yield from _options_in(field)
    elif group := _group(parameter):
        yield from group.parameters
    else:
        yield parameter


def _gathered(parameter: inspect.Parameter, values: Mapping[str, Any], written: Set[str]) -> Any:
    """Value of a parameter of the command, from the values of single options, and which a person wrote."""
    if request := _request(parameter):
        return request(**{field.name: _gathered(field, values, written) for field in _fields_of(request)})
    if group := _group(parameter):
        counts = written if group.by_hand else ()
        return {
            option.name: values[option.name]
            for option in group.parameters
            if values[option.name] != option.default or option.name in counts
        }
    return values[parameter.name]
