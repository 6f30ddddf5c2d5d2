"""Streaming anomaly: a value, or a sample of a lead, is judged when it comes, by what came before it and by nothing later."""
