"""What a pulse wave (photoplethysmogram) tells: the pulse, the breath, and how far to believe it."""
