"""The subcommands of ``engram``, one per file; each imports what it needs when it runs."""
