"""The read path: mastery logs, the diff between tries, attempt logs, totals."""
