"""Porting a BD-FCM's customers: margins at receivers, the plan, back-ups, packages, the drill."""
