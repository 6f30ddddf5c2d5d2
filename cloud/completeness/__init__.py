"""What can be said at any time of how complete the stored data are."""
