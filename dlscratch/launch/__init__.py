"""What `python -m dlscratch` does: find the chapters, open JupyterLab on them, examine an installation."""
