"""Versions that bundles record."""

import subprocess
import sys

import numpy as np

from sw.version import engram_version, versions_with


def test_versions_are_those_that_the_libraries_say_themselves():
    assert versions_with("numpy", "no-such-library") == {"engram": engram_version(), "numpy": np.__version__}


def test_asking_for_a_version_imports_nothing():
    program = "import sys, sw.version; sw.version.versions_with('torch'); print('torch' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"
