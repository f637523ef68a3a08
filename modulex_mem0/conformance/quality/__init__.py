"""Where an integration stands: bronze, silver, gold or platinum, measured and not claimed."""
