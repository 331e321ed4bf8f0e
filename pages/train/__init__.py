"""Parts of the Train tab."""
