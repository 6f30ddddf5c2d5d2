"""Which kind of beat each is, after ANSI/AAMI EC57: N, S, V, F, or Q where it cannot be told."""
