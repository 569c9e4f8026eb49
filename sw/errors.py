"""The one exception that users see, and the kind of it that tells of a disk."""

__all__ = ["EngramError", "WriteError"]


class EngramError(Exception):
    """Bad input from the user's side.

    The message is one line: what must hold, what came, what to do. The command line prints it without
    a traceback and exits with code 2. Breaches of our own invariants are assertions, never this class.
    """


class WriteError(EngramError):
    """Something cannot be written: the disk is full, the folder read-only, the path a folder.

    A kind of its own, because what was half-made is of no use then: it only takes room.
    """
