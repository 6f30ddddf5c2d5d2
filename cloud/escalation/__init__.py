"""Who is told of an alert, when the next, and that it was handed over."""
