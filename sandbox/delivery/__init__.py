"""What AWS's services send each other, when, and who lets whom in."""
