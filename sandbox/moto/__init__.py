"""Built on moto: access to its stores, fixes where it differs from AWS, metrics and alarms."""
