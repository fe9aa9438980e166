"""One self-contained page of what LLMs cost, what routing saved, and what is not known.

``reading`` fetches from the tables, ``document`` makes of it what the page holds, ``page`` puts
that and the chart library into one HTML file.
"""
