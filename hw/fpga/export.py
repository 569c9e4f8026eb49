"""Export: a classifier as Verilog for any flow, with memory files, constraints template and example."""

import re
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sw.errors import EngramError, WriteError
from sw.files import check_target, scratch_folder, write_atomically, writing
from sw.progress import SILENT, Listener

if TYPE_CHECKING:
    from constraints.boards import Board
    from hw.frontend.variant import Sizes
    from sw.bundle import Bundle

__all__ = ["CORES", "Core", "write_verilog"]

TOP = "engram"
INTERNAL_ATTRIBUTES = ("generator", "top", "src", "amaranth.hierarchy", "amaranth.decoding")
"""Of Amaranth and Yosys, of no use to other tools."""
MODULE, END_OF_MODULE = re.compile(r"^module ", re.M), re.compile(r"^endmodule$", re.M)
"""In RTLIL, and in the Verilog that Yosys makes of it."""
MEMORY = re.compile(r" *reg (?:\[(\d+):0\] )?\S+ +\[(\d+):0\];")
"""Declaration of a memory: highest bit and highest address."""


class Core(StrEnum):
    """The core to export: the chip with its UART, or the classifier for other designs."""

    uart = "uart"
    stream = "stream"
    axi_stream = "axi-stream"
    wishbone = "wishbone"


CORES = {
    Core.uart: "the whole chip",
    Core.stream: "pixels in, classes out, with plain ports",
    Core.axi_stream: "the same as two AXI4-Streams",
    Core.wishbone: "the same as registers on a Wishbone bus",
}
"""What each of them is, in the words of the command line."""


class _Parts(NamedTuple):
    """A core, what explains it by file name, and its constraints template."""

    component: Any
    texts: dict[str, str]
    constraints: str


def write_verilog(
    bundle: "Bundle",
    board: "Board",
    folder: Path,
    *,
    name: str,
    core: Core = Core.uart,
    baud: int = 1_000_000,
    parallelism: "Sizes | None" = None,
    listener: Listener = SILENT,
) -> dict[str, Any]:
    """Write one core without PLL and pins, and what is needed to use it.

    ``<name>-<board>.v`` has the top module ``engram``: with `core` ``uart`` the whole chip as on a board, see
    :class:`hw.chip.Chip`; with any other what it is made around, see :mod:`hw.cores`, which cannot program
    itself even where the bundle has a pulse rule. Each memory with contents has its own ``.mem`` file beside
    it, which the Verilog reads by ``$readmemb`` from the folder that the tool runs in; the conductance codes
    are one of them even where the board would load them from its flash. ``<name>_example.v`` uses the core
    and explains its ports; the ``.sdc`` is a constraints template; with ``wishbone``, ``engram_regs.h`` has
    the registers for C. The UART's divisor is for the board's clock. `listener` hears of the work.

    Raises
    ------
    EngramError
        If `baud` cannot be made, a core for other designs has no front end, or a file cannot be written.
    """
    from hw.fpga.report import speed_of
    from sw.bundle import save

    clock_mhz = board.clock.core_mhz
    stem = f"{name}-{board.name}"
    check_target(folder / f"{stem}.v")
    parts = _parts(core, bundle, parallelism, name, f"{stem}.v", clock_mhz, baud)
    with listener.waiting("writing Verilog"):
        texts = _verilog(parts.component, stem)
    texts |= {**parts.texts, f"{stem}.sdc": parts.constraints}
    # The Verilog comes last: where there is one, all that it reads is there.
    verilog = folder / f"{stem}.v"
    with writing(verilog):
        verilog.unlink(missing_ok=True)
    save(bundle, folder / f"{stem}.engram")
    for file, text in reversed(texts.items()):
        write_atomically(folder / file, text.encode(errors="surrogateescape"))  # names in another encoding
    return {
        "bundle": name,
        "digest": bundle.digest,
        "board": board.name,
        "core": core.value,
        "bitstream": None,
        "verilog": str(folder / f"{stem}.v"),
        "example": str(folder / f"{name}_example.v"),
        "files": [str(folder / file) for file in (*texts, f"{stem}.engram")],
        "luts": None,
        "brams": None,
        "fmax_mhz": None,
        "target_mhz": clock_mhz,
        "cycles_per_image": speed_of(bundle, parallelism, clock_mhz, baud).cycles_per_image,
        "baud": baud if core is Core.uart else None,
    }


def _parts(
    core: Core,
    bundle: "Bundle",
    parallelism: "Sizes | None",
    name: str,
    verilog: str,
    clock_mhz: float,
    baud: int,
) -> _Parts:
    """A core, its example in a file named after the bundle, and its constraints."""
    from hw.chip import Chip
    from hw.cores.axi_stream import AxiStreamCore
    from hw.cores.registers import HEADER, c_header
    from hw.cores.stream import StreamCore
    from hw.cores.wishbone import WishboneCore
    from hw.fpga.clock import uart_divisor
    from hw.fpga.examples.axi_stream import axi_stream_example
    from hw.fpga.examples.stream import stream_example
    from hw.fpga.examples.uart import uart_example
    from hw.fpga.examples.wishbone import wishbone_example
    from hw.fpga.sdc import sdc, stream_sdc

    example, design = f"{name}_example.v", bundle.design
    divisor = uart_divisor(clock_mhz, baud)
    if core is Core.uart:
        return _Parts(
            Chip(bundle, divisor, parallelism),
            {example: uart_example(name, verilog, clock_mhz)},
            sdc(verilog, clock_mhz, divisor),
        )
    if parallelism is None:
        raise EngramError(f"--core {core} takes pixels; leave out --from features, or use --core uart")
    if core is Core.stream:
        text = stream_example(design, name, verilog, noisy=bundle.array.read_noise is not None)
        return _Parts(StreamCore(bundle, parallelism), {example: text}, stream_sdc(verilog, clock_mhz))
    if core is Core.axi_stream:
        text = axi_stream_example(design, name, verilog)
        constraints = stream_sdc(verilog, clock_mhz, "aclk")
        return _Parts(AxiStreamCore(bundle, parallelism), {example: text}, constraints)
    texts = {example: wishbone_example(design, name, verilog), HEADER: c_header(bundle, name)}
    return _Parts(WishboneCore(bundle, parallelism), texts, stream_sdc(verilog, clock_mhz))


def in_string(text: str) -> str:
    """A text as it stands between the quotes of a string in Verilog."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _verilog(component: Any, stem: str) -> dict[str, str]:
    """The Verilog and the files of its memories, each named after the memory, by file name."""
    from hw.fpga.toolchain import run_yosys
    from hw.rtlil import to_rtlil

    internal = " ".join(f"-remove {name}" for name in INTERNAL_ATTRIBUTES)
    script = "read_rtlil core.il; proc -nomux -norom; memory_collect; "
    script += f"attrmap {internal}; attrmap -modattr {internal}; write_verilog -norename -extmem core.v"
    rtlil = to_rtlil(component, TOP)
    with scratch_folder("verilog") as folder:
        (folder / "core.il").write_text(rtlil, encoding="utf-8")
        run_yosys(script, folder)
        memories = {
            path.name: path.read_text(encoding="utf-8")
            for path in folder.glob("core*")
            if path.suffix != ".il"
        }
        text = memories.pop("core.v", "")
        # Yosys ends well on a full disk, with files that are cut off
        if len(END_OF_MODULE.findall(text)) != len(MODULE.findall(rtlil)):
            raise WriteError(f"cannot write {folder}: the Verilog is cut off; make room there or set TMPDIR")
    module, size = "", 0
    lines, files = [], {}
    for line in text.splitlines():
        if declared := MEMORY.match(line):
            size = (int(declared[1] or 0) + 2) * (int(declared[2]) + 1)  # a line of digits for every word
        if start := re.match(r"module \\?(\S+?) ?\(", line):
            module = start[1].removeprefix(TOP).removeprefix(".")
        if read := re.match(r'( *initial \$readmemb\(")(core-\d+\.mem)(", \\?(\S+?) ?\);)', line):
            file = ".".join(part for part in (stem, module, read[4], "mem") if part)
            files[file] = memories.pop(read[2], "")
            if len(files[file]) != size:
                raise WriteError(
                    f"cannot write {folder}: {read[2]} is cut off; make room there or set TMPDIR"
                )
            line = f"{read[1]}{in_string(file)}{read[3]}"
        lines.append(line)
    assert not memories, f"not read by the Verilog: {sorted(memories)}"
    return {f"{stem}.v": "\n".join([*lines, ""]), **files}
