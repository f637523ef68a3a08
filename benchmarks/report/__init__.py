"""Shows a run: tables for a terminal and for the page, plots, and the page itself."""
