"""What people open in a browser: the tracking page."""
