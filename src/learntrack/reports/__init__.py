"""Reports: the questions that analysts, coaches and admins ask, as aggregation pipelines; exports as CSV."""
