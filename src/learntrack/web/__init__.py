"""What HTTP needs and no rule knows: errors as documents, bodies, parameters, pages, answers, limits, headers."""
