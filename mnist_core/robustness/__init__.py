"""How accuracy falls under corruptions and distortions."""
