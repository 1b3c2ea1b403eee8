"""The clearing day of a BD-FCM: steps by instant, each done once and written with its completion."""
