"""What two programs say to each other, as bytes: pure words and seals, no I/O, no clock, no dice."""
