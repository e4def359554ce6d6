# Empty on purpose: without a file of this name nbgrader greets every learner with a warning.
# The settings of the course's assignments are in exercises/nbgrader_config.py.
