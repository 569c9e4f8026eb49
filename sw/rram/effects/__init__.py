"""What makes a chip differ from the ideal one: conditions, ways of coping, and one object for each effect."""
