"""Exported cores: read by several tools, and driven by bus models that others wrote."""
