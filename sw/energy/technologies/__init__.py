"""Technologies: what digital work, memories and wires cost in one node, and where each figure is from."""
