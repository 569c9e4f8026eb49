"""From a question to an answer: what is asked, and the run that answers it."""
