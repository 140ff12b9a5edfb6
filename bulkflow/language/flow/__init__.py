"""What can happen on each path through a plan: phases of jobs, exits, jobs that stay open."""
