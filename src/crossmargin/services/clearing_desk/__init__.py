"""What a BD-FCM's days are run with: every step of the clearing day and its reports."""
