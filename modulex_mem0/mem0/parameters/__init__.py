"""The types of the actions' parameters: what each accepts, and what it refuses before a request is sent."""
