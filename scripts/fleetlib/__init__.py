"""The command scripts/fleet. It needs Python 3.11 and boto3 alone, also outside the repository."""
