"""Non-persistent desktops on Amazon WorkSpaces Personal. An event enters at `handler.py`."""
