"""What AWS's services send each other, when, and what resource policies allow."""
