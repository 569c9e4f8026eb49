"""Boards: our own files, platforms of amaranth-boards, and files and classes of the user."""
