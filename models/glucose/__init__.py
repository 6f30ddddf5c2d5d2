"""Where glucose will be in half an hour and an hour, how sure that is, and whether it will be low."""
