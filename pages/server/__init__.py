"""The server's own routes beside Streamlit's: sockets for the pages, an HTTP API for programs."""
