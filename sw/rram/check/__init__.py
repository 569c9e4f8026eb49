"""Checks: models against the laws and equations that they are made from."""
