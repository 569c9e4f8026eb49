"""Tests of Engram, one file per module."""
