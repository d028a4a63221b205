"""What is moto's: its stores, where it does less than AWS, and AWS's metrics and alarms on it."""
