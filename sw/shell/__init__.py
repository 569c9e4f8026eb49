"""Between a program and the shell: how it begins and ends, its two streams, and its help."""
