"""Own actions: what somebody has shown a few times is recognised beside the built-in ones; nothing trains."""
