"""The trend of vitals: courses, how strange they are, and what a model of them is worth."""
