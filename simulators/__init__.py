"""Things that pretend to be hardware; they speak only wire formats."""
