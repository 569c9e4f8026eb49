"""Teachers: large networks, built in or foreign, and their kept answers."""
