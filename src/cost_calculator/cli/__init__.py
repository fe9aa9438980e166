"""The commands of ``python -m cost_calculator``, one module each."""
