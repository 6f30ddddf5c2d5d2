"""The heart's rhythm from one ECG lead: where its beats are."""
