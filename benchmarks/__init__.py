"""What things cost, as commands that print figures and goals."""
