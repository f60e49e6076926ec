"""What sohoa talks about: frozen data, the ports, and the pure planner. No I/O happens here."""
