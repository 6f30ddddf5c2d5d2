"""What the cloud itself looks for in what is stored: thresholds of a patient, and silence."""
