"""The only part of the lab that knows Streamlit, besides `app.py` and `pages/`."""
