"""What several actions do with Mem0: request, check owners, follow an event, go through pages and batches."""
