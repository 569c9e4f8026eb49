"""Farm: work spread over processes, whichever they are; Ctrl-C and errors leave none behind."""
