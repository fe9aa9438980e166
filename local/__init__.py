"""The whole system on one machine: an AWS emulator, a provider simulator and what starts them."""
