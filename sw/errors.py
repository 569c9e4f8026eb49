"""The one exception that users see."""

__all__ = ["EngramError"]


class EngramError(Exception):
    """Bad input from the user's side.

    The message is one line: what must hold, what came, what to do. The command line prints it without
    a traceback and exits with code 2. Breaches of our own invariants are assertions, never this class.
    """
