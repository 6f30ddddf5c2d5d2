"""How far does a minute of a patient's vitals and beats lie from what is ordinary? One score, 0 (ordinary) to 1."""
