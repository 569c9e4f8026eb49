"""One chip: conditions, effects, programming, ways of coping, and the record of it all."""
