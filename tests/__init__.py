"""The tests mirror the source; contracts/ holds one suite per port, servers/ the real servers."""
