"""The gateway in a home: listen, window, watch, keep, send."""
