"""What Mem0 answers, read so that nothing in it can raise but a reply that holds no answer."""
