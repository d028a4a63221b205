"""Non-persistent desktops on Amazon WorkSpaces Personal.

The way of an event: handler -> signals -> ledger (what happened), then
handler -> reconciler -> workspaces, lifecycle, ledger (what is due).
"""
