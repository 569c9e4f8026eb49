"""Every size of a classifier."""

from sw.design.layer import Layer
from sw.design.point import DesignPoint

__all__ = ["DesignPoint", "Layer"]
