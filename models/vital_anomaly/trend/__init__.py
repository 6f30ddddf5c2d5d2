"""The strange hour: the course of several vitals over four minutes, beside what is usual for people and for this person."""
