"""The API of AI Creatives: adverts that are written, rendered by a queue, and paid for."""
