"""Array: cells on word lines and match lines, behind the seam that a real macro would take."""
