"""The command scripts/fleet. It needs Python 3.11 or newer and boto3, nothing of the repository."""
