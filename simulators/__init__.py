"""Things that pretend to be hardware: they speak only `protocol` and real wire formats."""
