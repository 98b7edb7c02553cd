"""Pages for coaches and learners: server-rendered, the same figures as the reports."""
