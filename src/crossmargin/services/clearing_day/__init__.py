"""The clearing day of a BD-FCM: steps by instant, each done once, written with its completion."""
