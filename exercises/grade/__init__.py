"""Grading that cannot be fooled: the tests never share a process with the work they judge.

python -m exercises.grade 04-affine

intake, rebuild           what is taken from a hand-in: code, and nothing else
verify, circumstances     the trusted side runs the tests
link, proxy               a learner's names are stand-ins there, and calls go over one line
wire                      what may cross it
worker, cells, package    the untrusted side runs the learner's code, with as much of dlscratch as the notebook imports
sandbox                   what the untrusted side may do to the machine
prewarmed, pool           many hand-ins at once
gradebook, pages, files   one writer: nbgrader's own gradebook, and its pages
suspicion, tables         what the instructor reads in the end
"""
