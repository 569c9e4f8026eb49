"""Families of FPGAs: one file each with all that differs between them."""
