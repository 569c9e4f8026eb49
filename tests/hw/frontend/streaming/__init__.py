"""Tests of ``hw/frontend/streaming``."""
