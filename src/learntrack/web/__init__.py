"""What HTTP needs and no rule knows: errors as documents, bodies, parameters, pages of lists, answers, limits,
headers.
"""
