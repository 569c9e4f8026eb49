import pytest
from amaranth.vendor import GowinPlatform

from hw.boards.platforms import find_class, import_class, listed, made
from sw.errors import EngramError


class Refused(GowinPlatform):
    """A platform whose description its own base class does not take."""

    part, family = "nothing", "at all"
    resources, connectors = (), ()


def test_a_module_with_several_boards_means_the_plain_one():
    assert find_class("orangecrab_r0_2").__name__ == "OrangeCrabR0_2Platform"
    assert find_class("logicbone").__name__ == "LogicbonePlatform"
    with pytest.raises(EngramError, match="ulx3s describes several boards, choose one: ULX3S_12F_Platform, "):
        find_class("ulx3s")


@pytest.mark.parametrize("name", ["resources", "none", "Platform", "no-identifier"])
def test_what_is_no_board_is_not_found(name):
    assert find_class(name) is None


def test_every_platform_of_the_families_is_listed():
    names = {platform.__name__ for platform in listed()}

    assert len(names) >= 36
    assert {"ICEBreakerPlatform", "ULX3S_85F_Platform", "VersaECP5Platform"} <= names
    assert not any(name.startswith("_") for name in names)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("no/module:Class", "must read package.module:Class, got 'no/module:Class'"),
        (
            "no_such_module:Class",
            "cannot take platform no_such_module:Class: ModuleNotFoundError: No module .*; "
            "no_such_module must be a module that Python can import",
        ),
        (
            "amaranth_boards.icebreaker:Nothing",
            "AttributeError: module .* has no attribute 'Nothing'; its platforms are: ICEBreakerPlatform$",
        ),
        ("json.tool:Nothing", "has no attribute 'Nothing'; the module must have a platform named Nothing$"),
        ("pathlib:Path", "pathlib:Path must be a class of a platform of Amaranth, got <class .*; derive it"),
    ],
)
def test_what_is_no_platform_is_refused_in_one_line(source, message):
    with pytest.raises(EngramError, match=message):
        import_class(source)


def test_a_class_that_refuses_itself_is_one_line():
    with pytest.raises(EngramError, match="Refused describes no board: Supplied part name is invalid"):
        made(Refused)
