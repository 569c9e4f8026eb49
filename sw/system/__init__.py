"""System: programs that end with us, signals that end us, locks, and folders that do not outlive us."""
