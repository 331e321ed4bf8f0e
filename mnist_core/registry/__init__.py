"""`models/<name>/` on disk: cards, files and their checksums."""
