"""The sandbox as a whole: the application, the process that serves it, and context managers to run it."""
