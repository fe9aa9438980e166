"""How many requests a second go through each door, and what each adds to a call of the model."""
