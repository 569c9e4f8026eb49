"""Tests of ``hw/frontend/folded``."""
