"""The command scripts/fleet. It needs only Python 3.11 or newer and boto3, not the repository."""
