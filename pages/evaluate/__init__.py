"""Parts of the Evaluate tab."""
