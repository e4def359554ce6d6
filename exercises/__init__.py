"""The nbgrader course and the instructor's tools.  Learners read `dlscratch`; nothing there imports this."""
