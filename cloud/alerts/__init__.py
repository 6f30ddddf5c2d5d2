"""What was found, and that a person must look at it."""
