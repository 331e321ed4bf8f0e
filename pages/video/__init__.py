"""Parts of the Webcam page."""
