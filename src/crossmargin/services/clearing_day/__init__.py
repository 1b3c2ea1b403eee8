"""The clearing day of a BD-FCM: its steps by instant, its prices and flows."""
