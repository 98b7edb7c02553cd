"""Reports that are counted here, from documents as they are stored, where that is cheaper than an aggregation.

The embedded engine takes three microseconds to hand a summary out as it is, and twenty for each stage that makes a
document of it; reading and counting it here takes ten. So it is asked for whole summaries and learner-days, of what an
index covers, and what its pipeline would answer (`reports.questions`) is counted here, to the same rows. A MongoDB is
asked the pipeline.
"""
