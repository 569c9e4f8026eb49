"""Tables of finished trainings."""
