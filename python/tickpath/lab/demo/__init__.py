"""``tickpath demo``: what the laboratory does, in ten seconds: a run, four acts, and the account of them."""
