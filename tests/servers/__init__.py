"""Real servers for tests: on free ports, in folders of their own, gone with the process that started them."""
